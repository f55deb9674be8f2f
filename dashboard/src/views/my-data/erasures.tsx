import {
  type Erasure,
  ErasureProgress,
  ErasureRequested,
  type ErasureScope,
  ErasuresAnswer,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { dayText, momentText, organizationName } from '../../ui/words.ts';

const { myData: words } = TEXT;
/** A step purges hundreds of keys. */
const MAX_STEPS = 1_000;

/** Asks for erasure, and shows what became of it, with the receipt. */
export function Erasures({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element {
  const path = `patients/${patientId}/erasures`;
  const remote = useRemote(path, (signal) => api.ask(path, ErasuresAnswer, { signal }));
  const ask = async (scope: ErasureScope): Promise<void> => {
    const body = { scope };
    const { requestId } = await api.ask(path, ErasureRequested, { method: 'POST', body });
    // Readings need nobody's answer: they are purged at once.
    if (scope === 'wearable') await carryOut(api, `${path}/${requestId}`);
    remote.reload();
  };
  return (
    <section class="panel" aria-labelledby="erasure-title">
      <h2 id="erasure-title">{words.erasure}</h2>
      <p>{words.erasureWhy}</p>
      <p class="buttons">
        <ActionButton
          label={words.wearable}
          question={words.sureWearable}
          onPress={() => ask('wearable')}
        />
        <ActionButton
          label={words.clinical}
          question={words.sureClinical}
          onPress={() => ask('clinical')}
        />
      </p>
      <h3>{words.requests}</h3>
      <Loaded
        remote={remote}
        empty={({ erasures }) => (erasures.length === 0 ? words.noRequest : undefined)}
      >
        {({ erasures }) => (
          <ul class="lines">
            {erasures.map((erasure) => (
              <Line key={erasure.requestId} erasure={erasure} />
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

/** Step by step until nothing is left. @throws Failure */
async function carryOut(api: ApiClient, path: string): Promise<void> {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const { done } = await api.ask(`${path}/carry-out`, ErasureProgress, { method: 'POST' });
    if (done) return;
  }
}

function Line({ erasure }: { readonly erasure: Erasure }): JSX.Element {
  const { scope, state, requestedAtMs, answers, destroyedAtMs, purgedKeys, digestHex } = erasure;
  return (
    <li>
      <span class="when">{dayText(requestedAtMs)}</span>
      <span class="what">
        <strong>{words.scopes[scope]}</strong>
        {answers.map(({ mspId, refusal, retainUntilMs }) => (
          <span key={mspId}>
            {organizationName(mspId)}:{' '}
            {refusal === null
              ? `${words.keptUntil} ${dayText(retainUntilMs)}`
              : words.refusals[refusal]}
          </span>
        ))}
        {destroyedAtMs === null ? null : (
          <span>
            {words.receipt}: {purgedKeys} {words.purged}, {momentText(destroyedAtMs)},{' '}
            <code>{digestHex}</code>
          </span>
        )}
      </span>
      <span class="badge">{words.states[state]}</span>
    </li>
  );
}

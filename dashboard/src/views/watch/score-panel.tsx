import { type News2, News2Answer, type News2Parameter } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { ageText } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useRemote } from '../../ui/use-remote.ts';

const { news2: words } = TEXT;

/** NEWS2 as the record gives it: a total only when all seven inputs are known, else how many are. */
export function ScorePanel({
  api,
  patientId,
  round,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  /** Another number loads it anew. */
  readonly round: number;
}): JSX.Element {
  const nowMs = useNow();
  const remote = useRemote(
    patientId,
    (signal) => api.ask(`patients/${patientId}/news2`, News2Answer, { signal }),
    round,
  );
  return (
    <section class="panel" aria-labelledby="news2-title">
      <h2 id="news2-title">{words.title}</h2>
      <Loaded remote={remote}>
        {({ score, inputs, scale }) => (
          <>
            <p class={`score ${bandOf(score)}`}>{headline(score)}</p>
            <p class="fine">{responseText(score)}</p>
            <details>
              <summary>
                {words.inputs} ({words.scale} {scale})
              </summary>
              <ul class="plain">
                {inputs.map(({ parameter, value, atMs, ageMs, maxAgeMs }) => (
                  <li key={parameter} class={ageMs > maxAgeMs ? 'stale' : undefined}>
                    {words.parameters[parameter]}: {String(value)},{' '}
                    {ageText(atMs, nowMs, navigator.language)}
                    {ageMs > maxAgeMs ? ` (${words.tooOld})` : ''}
                  </li>
                ))}
                {missingOf(score).map((parameter) => (
                  <li key={parameter} class="stale">
                    {words.parameters[parameter]}: {words.notKnown}
                  </li>
                ))}
              </ul>
            </details>
          </>
        )}
      </Loaded>
    </section>
  );
}

function headline(score: News2): string {
  switch (score.status) {
    case 'not-applicable':
      return words.reasons[score.reason];
    case 'complete':
      return String(score.total);
    case 'partial':
      return score.atLeast === undefined
        ? `${String(score.known)} ${words.ofKnown}`
        : `${words.atLeast} ${String(score.atLeast.total)}`;
  }
}

function responseText(score: News2): string {
  if (score.status === 'not-applicable') return words.notApplicable;
  const response = score.status === 'complete' ? score.response : score.atLeast?.response;
  if (response === undefined) return words.noTotal;
  return `${words.urgency[response.urgency]}. ${words.observe} ${String(response.observeWithinMinutes)} min.`;
}

function bandOf(score: News2): string {
  if (score.status === 'not-applicable') return 'none';
  const response = score.status === 'complete' ? score.response : score.atLeast?.response;
  return response?.band ?? 'none';
}

function missingOf(score: News2): readonly News2Parameter[] {
  return score.status === 'partial' ? score.missing : [];
}

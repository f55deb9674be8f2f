import { ConsentsAnswer, PasskeysAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { ConsentList } from './consent-list.tsx';
import { GrantForm } from './grant-form.tsx';
import { PasskeySetup } from './passkey-setup.tsx';

const { sharing: words } = TEXT;

/** The patient decides who sees what: gives consents and takes them back, each time with a passkey. */
export function Sharing({
  api,
  person,
}: {
  readonly api: ApiClient;
  readonly person: Person;
}): JSX.Element {
  const { subjectId: patientId } = person;
  const [failure, setFailure] = useState<string>();
  const passkeys = useRemote('passkeys', (signal) =>
    api.ask('passkeys', PasskeysAnswer, { signal }),
  );
  const consents = useRemote(patientId, (signal) =>
    api.ask(`patients/${patientId}/consents`, ConsentsAnswer, { signal }),
  );
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      setFailure(undefined);
      passkeys.reload();
      consents.reload();
    } catch (error) {
      setFailure(error instanceof Failure ? error.message : words.notAgreed);
    }
  };
  return (
    <section aria-labelledby="sharing-title">
      <h1 id="sharing-title">{words.title}</h1>
      <p>{words.intro}</p>
      {failure === undefined ? null : (
        <p class="notice error" role="alert">
          {failure}
        </p>
      )}
      <Loaded remote={passkeys}>
        {({ passkeys: known, relyingParty }) => {
          const usable = known.filter(({ revokedAtMs }) => revokedAtMs === null);
          const ids = usable.map(({ credentialId }) => credentialId);
          return (
            <>
              {usable.length === 0 ? (
                <PasskeySetup {...{ api, person, attempt }} relyingPartyId={relyingParty?.id} />
              ) : (
                <GrantForm {...{ api, patientId, attempt }} passkeys={ids} />
              )}
              <Loaded
                remote={consents}
                empty={({ consents: given }) => (given.length === 0 ? words.none : undefined)}
              >
                {({ consents: given }) => (
                  <ConsentList {...{ api, patientId, attempt }} passkeys={ids} consents={given} />
                )}
              </Loaded>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

/** Does something that a person has to agree to, and shows why it did not work. */
export type Attempt = (work: () => Promise<void>) => Promise<void>;

import { ChangeOutput } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { createPasskey, randomHex } from '../../passkey/passkey.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import type { Attempt } from './sharing.tsx';

const { sharing: words } = TEXT;

/** The first passkey, with the code that the organization handed over in person. */
export function PasskeySetup({
  api,
  person,
  relyingPartyId,
  attempt,
}: {
  readonly api: ApiClient;
  readonly person: Person;
  readonly relyingPartyId: string | undefined;
  readonly attempt: Attempt;
}): JSX.Element {
  const [invitation, setInvitation] = useState('');
  const register = async (): Promise<void> => {
    const { subjectId, name } = person;
    const nonceHex = randomHex();
    const asked = { subjectId, name, nonceHex, relyingPartyId: relyingPartyId ?? '' };
    const registration = await createPasskey(asked);
    const body = { nonceHex, registration, invitation: invitation.trim() };
    await api.ask('passkeys', ChangeOutput, { method: 'POST', body });
  };
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(register);
      }}
    >
      <h2>{words.setUp}</h2>
      <p>{words.setUpWhy}</p>
      <p>
        {words.yourId} <code>{person.subjectId}</code>
      </p>
      <label class="field">
        {words.code}
        <input
          value={invitation}
          required
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setInvitation(event.currentTarget.value);
          }}
        />
      </label>
      <button type="submit" class="primary">
        {words.createPasskey}
      </button>
    </form>
  );
}

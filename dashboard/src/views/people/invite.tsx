import { InvitationAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import { TEXT } from '../../text/en.ts';

const { people: words } = TEXT;

/** A code for the first passkey of somebody whom the administrator has in front of them. */
export function Invite({ api }: { readonly api: ApiClient }): JSX.Element {
  const [subjectId, setSubjectId] = useState('');
  const [answer, setAnswer] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const invite = async (): Promise<void> => {
    try {
      const body = { subjectId: subjectId.trim(), kind: 'in-person' };
      const { invitation } = await api.ask('passkey-invitations', InvitationAnswer, {
        method: 'POST',
        body,
      });
      setAnswer(invitation);
      setFailure(undefined);
    } catch (error) {
      setAnswer(undefined);
      setFailure(error instanceof Failure ? error.message : TEXT.notUnderstood);
    }
  };
  return (
    <form
      class="panel"
      aria-labelledby="invite-title"
      onSubmit={(event) => {
        event.preventDefault();
        void invite();
      }}
    >
      <h2 id="invite-title">{words.invite}</h2>
      <p>{words.inviteWhy}</p>
      <label class="field">
        {words.subject}
        <input
          value={subjectId}
          required
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setSubjectId(event.currentTarget.value);
          }}
        />
      </label>
      <button type="submit" class="primary">
        {words.make}
      </button>
      {answer === undefined ? null : (
        <p class="notice" role="status">
          {words.handOver} <code>{answer}</code>
        </p>
      )}
      {failure === undefined ? null : (
        <p class="notice error" role="alert">
          {failure}
        </p>
      )}
    </form>
  );
}

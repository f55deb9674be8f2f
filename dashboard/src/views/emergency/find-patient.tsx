import { EmergencyFindAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import type { FoundPatient } from './break-glass.tsx';

const { emergency: words } = TEXT;

/** By the wristband, or by family name and birth date. */
export function FindPatient({
  api,
  onFound,
}: {
  readonly api: ApiClient;
  readonly onFound: (find: () => Promise<readonly FoundPatient[]>) => Promise<void>;
}): JSX.Element {
  const [token, setToken] = useState('');
  const [family, setFamily] = useState('');
  const [birthDate, setBirthDate] = useState('');
  const find = async (): Promise<readonly FoundPatient[]> => {
    const body =
      token.trim() === '' ? { family: family.trim(), birthDate } : { token: token.trim() };
    const found = await api.ask('emergency/find', EmergencyFindAnswer, { method: 'POST', body });
    return found.patients;
  };
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void onFound(find);
      }}
    >
      <h2>{words.who}</h2>
      <label class="field">
        {words.wristband}
        <input
          value={token}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setToken(event.currentTarget.value);
          }}
        />
      </label>
      <p>{words.or}</p>
      <label class="field">
        {words.family}
        <input
          value={family}
          required={token === ''}
          autocomplete="off"
          onInput={(event) => {
            setFamily(event.currentTarget.value);
          }}
        />
      </label>
      <label class="field">
        {words.birthDate}
        <input
          type="date"
          value={birthDate}
          required={token === ''}
          onInput={(event) => {
            setBirthDate(event.currentTarget.value);
          }}
        />
      </label>
      <button type="submit" class="primary">
        {words.find}
      </button>
    </form>
  );
}

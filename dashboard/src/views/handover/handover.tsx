import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { EntryEditor } from '../entries/entry-editor.tsx';
import { NOTE_FORM } from '../entries/further-forms.ts';

const { handover: words } = TEXT;

/** What whoever takes over has to know, as a note; and who enters that they do. */
export function Handover({
  api,
  person,
  patientId,
}: {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
}): JSX.Element {
  const [isWriting, setWriting] = useState(false);
  const [isWritten, setWritten] = useState(false);
  const close = (): void => {
    setWriting(false);
  };
  return (
    <section aria-labelledby="handover-title">
      <h2 id="handover-title">{words.title}</h2>
      <p>{words.note}</p>
      <p>{words.relation}</p>
      {isWritten ? (
        <p class="notice" role="status">
          {TEXT.form.saved}
        </p>
      ) : null}
      {isWriting ? (
        <EntryEditor
          {...{ api, form: NOTE_FORM, prefilled: { kind: 'handover' } }}
          writer={{ patientId, practitionerId: person.subjectId }}
          onSaved={() => {
            close();
            setWritten(true);
          }}
          onCancel={close}
        />
      ) : (
        <button
          type="button"
          class="primary"
          onClick={() => {
            setWriting(true);
            setWritten(false);
          }}
        >
          {words.write}
        </button>
      )}
    </section>
  );
}

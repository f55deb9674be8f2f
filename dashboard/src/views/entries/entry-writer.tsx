import type { FhirResource } from 'fhir/r4.js';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import type { Values } from '../../form/field.ts';
import type { Person } from '../../session/session.ts';
import { EntryEditor } from './entry-editor.tsx';
import type { EntryForm } from './entry-form.ts';

/** What is being written: something new, or a new version of an entry. */
export interface Editing {
  readonly resource?: FhirResource;
  readonly prefilled?: Values;
}

export interface EntryWriterProps {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
  readonly form: EntryForm;
  /** What is on the button that begins something new. */
  readonly begin: string;
  readonly editing: Editing | undefined;
  readonly onEditing: (editing: Editing | undefined) => void;
  readonly onSaved: () => void;
}

/** The button that begins a new entry, or the editor of what is being written. */
export function EntryWriter({
  api,
  person,
  patientId,
  form,
  begin,
  editing,
  onEditing,
  onSaved,
}: EntryWriterProps): JSX.Element {
  const close = (): void => {
    onEditing(undefined);
  };
  if (editing === undefined) {
    return (
      <p class="buttons">
        <button
          type="button"
          class="primary"
          onClick={() => {
            onEditing({});
          }}
        >
          {begin}
        </button>
      </p>
    );
  }
  return (
    <EntryEditor
      key={editing.resource?.id ?? 'new'}
      {...{ api, form, ...editing }}
      writer={{ patientId, practitionerId: person.subjectId }}
      onSaved={() => {
        close();
        onSaved();
      }}
      onCancel={close}
    />
  );
}

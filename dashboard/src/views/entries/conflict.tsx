import type { FhirResource } from 'fhir/r4.js';
import type { JSX } from 'preact';
import type { Field } from '../../form/field.ts';
import { TEXT } from '../../text/en.ts';
import type { EntryForm } from './entry-form.ts';

const { form: words } = TEXT;

/** Somebody else was quicker: what they wrote, and whose text goes on. */
export function Conflict({
  form,
  theirs,
  onTakeTheirs,
  onKeepMine,
}: {
  readonly form: EntryForm;
  readonly theirs: FhirResource;
  readonly onTakeTheirs: () => void;
  readonly onKeepMine: () => void;
}): JSX.Element {
  const values = form.fromResource(theirs);
  return (
    <div class="notice" role="group" aria-label={words.theirs}>
      <p>
        <strong>{words.changedSince}</strong>
      </p>
      <dl class="facts">
        {form.fields.map((field) => (
          <div key={field.name}>
            <dt>{field.label}</dt>
            <dd>{shownValue(field, values[field.name] ?? '')}</dd>
          </div>
        ))}
      </dl>
      <p class="buttons">
        <button type="button" onClick={onKeepMine}>
          {words.keepMine}
        </button>
        <button type="button" onClick={onTakeTheirs}>
          {words.takeTheirs}
        </button>
      </p>
    </div>
  );
}

function shownValue({ options = [] }: Field, value: string): string {
  return options.find(([option]) => option === value)?.[1] ?? (value === '' ? '–' : value);
}

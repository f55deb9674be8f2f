import type { JSX } from 'preact';
import { given, idField } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';

const { representatives: words } = TEXT;
const FIELDS = [idField('patient', words.whose, words.whoseWhy)];

/** Whose record a representative opens: the ledger says whether they may. */
export function Represented({
  onOpen,
}: {
  readonly onOpen: (patientId: string) => void;
}): JSX.Element {
  return (
    <section aria-labelledby="represented-title">
      <h1 id="represented-title">{TEXT.places.represented}</h1>
      <Form
        title={words.whose}
        fields={FIELDS}
        start={{}}
        submit={words.open}
        isQuestion
        onSubmit={(values) => {
          onOpen(given(values, 'patient') ?? '');
          return Promise.resolve();
        }}
      />
    </section>
  );
}

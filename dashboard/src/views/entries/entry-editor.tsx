import type { FhirResource } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import { amend, create, newKey, readAgain } from '../../api/write.ts';
import type { Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';
import { Conflict } from './conflict.tsx';
import type { EntryForm, Writer } from './entry-form.ts';
import { labelValues, SENSITIVITY_FIELD, withLabels } from './sensitivity.ts';

const { form: words } = TEXT;
const CHANGED_SINCE = 412;

export interface EntryEditorProps {
  readonly api: ApiClient;
  readonly form: EntryForm;
  readonly writer: Omit<Writer, 'nowMs'>;
  /** What is amended; undefined for a new entry. */
  readonly resource?: FhirResource | undefined;
  /** Other first answers than the usual ones. */
  readonly prefilled?: Values | undefined;
  /** Is it made once however often it is sent? Not for who may not look whether it is there. */
  readonly isOnce?: boolean;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

/** Writes a new entry, or a new version of one. */
export function EntryEditor(props: EntryEditorProps): JSX.Element {
  const { api, form, resource } = props;
  const key = useMemo(newKey, []);
  const [theirs, setTheirs] = useState<FhirResource>();
  const [base, setBase] = useState(resource);
  const [mine, setMine] = useState<Values>();
  const writer: Writer = { ...props.writer, nowMs: Date.now() };
  const start = useMemo(() => startOf(props, writer), [mine]);
  const save = async (values: Values): Promise<void> => {
    try {
      await send(values);
    } catch (error) {
      if (error instanceof Failure && error.status === CHANGED_SINCE && base !== undefined) {
        setTheirs(await readAgain(api, base));
      }
      throw error;
    }
    props.onSaved();
  };
  const send = async (values: Values): Promise<void> => {
    if (base === undefined) {
      const made = withLabels(form.toResource(values, writer), values);
      await create(api, made, props.isOnce === false ? undefined : key);
    } else {
      await amend(api, withLabels(form.amended(base, values, writer), values));
    }
  };
  return (
    <Form
      key={mine === undefined ? 'first' : 'theirs'}
      title={resource === undefined ? words.newEntry : words.amend}
      fields={[
        ...form.fields,
        { ...SENSITIVITY_FIELD, isFolded: form.type !== 'ClinicalImpression' },
      ]}
      start={mine ?? start}
      submit={words.save}
      onSubmit={save}
      onCancel={props.onCancel}
    >
      {theirs === undefined ? null : (
        <Conflict
          form={form}
          theirs={theirs}
          onTakeTheirs={() => {
            setMine({ ...form.fromResource(theirs), labels: labelValues(theirs) });
            setBase(theirs);
            setTheirs(undefined);
          }}
          onKeepMine={() => {
            setBase(theirs);
            setTheirs(undefined);
          }}
        />
      )}
    </Form>
  );
}

function startOf({ form, resource, prefilled }: EntryEditorProps, writer: Writer): Values {
  if (resource === undefined) return { ...form.start(writer), ...prefilled };
  return { ...form.fromResource(resource), labels: labelValues(resource), ...prefilled };
}

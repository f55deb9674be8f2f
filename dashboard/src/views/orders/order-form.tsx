import { EquivalentsAnswer, MSP_IDS, OrderAnswer, type OrderRequest } from '@pulseledger/domain';
import type { ServiceRequest } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import { type Field, given, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { options } from '../entries/care-forms.ts';
import { TEST_FIELD, testConcept } from '../results/result-form.ts';
import { Equivalents } from './equivalents.tsx';

const { orders: words } = TEXT;
const CONFLICT = 409;
/** For so long the laboratory may answer. */
const ANSWER_WITHIN_MS = 30 * 86_400_000;
const REASONS = Object.keys(words.repeatReasons) as (keyof typeof words.repeatReasons)[];

const ORDER_FIELDS: readonly Field[] = [
  TEST_FIELD,
  {
    name: 'laboratory',
    label: words.laboratory,
    kind: 'choice',
    options: options(words.organizations),
  },
  { name: 'why', label: words.why, kind: 'text', maxLength: 300 },
];
const REPEAT_FIELDS: readonly Field[] = [
  {
    name: 'reason',
    label: words.repeat,
    kind: 'choice',
    required: true,
    options: options(words.repeatReasons),
  },
  { name: 'text', label: words.repeatText, kind: 'text', required: true, maxLength: 500 },
];

export interface OrderFormProps {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
  readonly onSent: () => void;
  readonly onCancel: () => void;
}

/** A test to order; with results that still stand, a reason to repeat it is asked for and recorded. */
export function OrderForm(props: OrderFormProps): JSX.Element {
  const { api, person, patientId, onSent, onCancel } = props;
  const [test, setTest] = useState('');
  const remote = useRemote<EquivalentsAnswer>(`equivalents ${test}`, (signal) =>
    test === ''
      ? Promise.resolve({ validityDays: null, results: [] })
      : api.ask(`patients/${patientId}/equivalents?loinc=${test}`, EquivalentsAnswer, { signal }),
  );
  const found = remote.value ?? { validityDays: null, results: [] };
  const isRepeat = found.results.length > 0;
  const send = async (values: Values): Promise<void> => {
    const body = orderOf(values, { ...person, patientId, shown: found });
    try {
      await api.ask(`patients/${patientId}/orders`, OrderAnswer, { method: 'POST', body });
    } catch (error) {
      if (!(error instanceof Failure) || error.status !== CONFLICT) throw error;
      remote.reload();
      throw new Failure(error.status, error.code, words.newer);
    }
    onSent();
  };
  return (
    <Form
      title={words.write}
      fields={isRepeat ? [...ORDER_FIELDS, ...REPEAT_FIELDS] : ORDER_FIELDS}
      start={{ laboratory: MSP_IDS[person.organization], reason: REASONS[0] ?? '' }}
      submit={words.send}
      onSubmit={send}
      onCancel={onCancel}
      onChange={(values) => {
        setTest(values['test'] ?? '');
      }}
    >
      {test === '' ? null : (
        <Loaded remote={remote}>{(answer) => <Equivalents answer={answer} />}</Loaded>
      )}
    </Form>
  );
}

interface Context {
  readonly subjectId: string;
  readonly patientId: string;
  readonly shown: EquivalentsAnswer;
}

/** What was shown goes along: the ledger keeps why a test was repeated, and in sight of what. */
function orderOf(values: Values, { subjectId, patientId, shown }: Context): OrderRequest {
  const why = given(values, 'why');
  const resource: ServiceRequest = {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    subject: { reference: `Patient/${patientId}` },
    requester: { reference: `Practitioner/${subjectId}` },
    code: testConcept(given(values, 'test')),
    authoredOn: new Date().toISOString(),
    ...(why === undefined ? {} : { reasonCode: [{ text: why }] }),
  };
  const reason = REASONS.find((one) => one === values['reason']) ?? 'other';
  const ids = shown.results.map(({ recordId }) => recordId);
  return {
    resource: { ...resource },
    orderFor: { mspId: values['laboratory'] ?? '', untilMs: Date.now() + ANSWER_WITHIN_MS },
    ...(ids.length === 0
      ? {}
      : { repeat: { reason, text: given(values, 'text') ?? '', shown: ids } }),
  };
}

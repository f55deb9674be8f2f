import type { OrderToAnswer } from '@pulseledger/domain';
import type { ServiceRequest } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { EntryEditor } from '../entries/entry-editor.tsx';
import { textOf } from '../entries/entry-form.ts';
import { answerForm } from '../results/result-form.ts';

const { laboratory: words } = TEXT;

const OrderShape: z.ZodType<ServiceRequest> = z.custom<ServiceRequest>(
  (value) => z.object({ resourceType: z.literal('ServiceRequest') }).safeParse(value).success,
);

/** One order, and the results that answer it. */
export function Order({
  api,
  person,
  order: { patientId, orderId },
}: {
  readonly api: ApiClient;
  readonly person: Person;
  readonly order: OrderToAnswer;
}): JSX.Element {
  const [state, setState] = useState<'reading' | 'writing' | 'written'>('reading');
  const remote = useRemote(orderId, (signal) =>
    api.ask(`ServiceRequest/${orderId}`, OrderShape, { signal }),
  );
  return (
    <Loaded remote={remote}>
      {({ code, reasonCode }) => (
        <>
          <p>
            <strong>{textOf(code)}</strong>
          </p>
          {reasonCode === undefined ? null : (
            <p>
              {words.question}: {reasonCode.map(textOf).join(', ')}
            </p>
          )}
          {state === 'written' ? (
            <p class="notice" role="status">
              {words.written}
            </p>
          ) : null}
          {state === 'writing' ? (
            <EntryEditor
              {...{ api, form: answerForm(orderId, code ?? {}), isOnce: false }}
              writer={{ patientId, practitionerId: person.subjectId }}
              onSaved={() => {
                setState('written');
              }}
              onCancel={() => {
                setState('reading');
              }}
            />
          ) : (
            <button
              type="button"
              class="primary"
              onClick={() => {
                setState('writing');
              }}
            >
              {words.answer}
            </button>
          )}
        </>
      )}
    </Loaded>
  );
}

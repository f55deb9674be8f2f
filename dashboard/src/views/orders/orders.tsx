import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { search } from '../../api/fhir.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { Line } from '../chart/line.tsx';
import { ORDERS } from '../chart/record-sections.ts';
import { OrderForm } from './order-form.tsx';

const { orders: words } = TEXT;

/** Tests that were ordered, newest first; a new one shows first what makes it needless. */
export function Orders({
  api,
  person,
  patientId,
}: {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
}): JSX.Element {
  const [isWriting, setWriting] = useState(false);
  const isWriter = person.role === 'doctor' || person.role === 'nurse';
  const remote = useRemote(`${patientId} orders`, async (signal) => {
    const found = await search(api, 'ServiceRequest', [['patient', patientId]], signal);
    return found
      .map((resource) => ({ resource, line: ORDERS.line(resource) }))
      .toSorted((a, b) => b.line.when.localeCompare(a.line.when));
  });
  return (
    <section aria-label={words.title}>
      {isWriting ? (
        <OrderForm
          {...{ api, person, patientId }}
          onSent={() => {
            setWriting(false);
            remote.reload();
          }}
          onCancel={() => {
            setWriting(false);
          }}
        />
      ) : null}
      {isWriter && !isWriting ? (
        <p class="buttons">
          <button
            type="button"
            class="primary"
            onClick={() => {
              setWriting(true);
            }}
          >
            {words.write}
          </button>
        </p>
      ) : null}
      <Loaded
        remote={remote}
        empty={(orders) => (orders.length === 0 ? TEXT.chart.nothing : undefined)}
      >
        {(orders) => (
          <ul class="lines">
            {orders.map((entry) => (
              <Line key={entry.line.id} entry={entry}>
                <span class="fine">
                  {words.number} <code>{entry.line.id}</code>
                </span>
              </Line>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

import { type OrderToAnswer, WorklistAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { dayText, shortId } from '../../ui/words.ts';
import { Order } from './order.tsx';

const { laboratory: words } = TEXT;
const MAX_PAGES = 20;

/** What the laboratory has to answer; it sees its orders and nothing else of anybody. */
export function Laboratory({
  api,
  person,
}: {
  readonly api: ApiClient;
  readonly person: Person;
}): JSX.Element {
  const [chosen, setChosen] = useState<string>();
  const remote = useRemote('worklist', (signal) => allOrders(api, signal));
  return (
    <section aria-labelledby="worklist-title">
      <h1 id="worklist-title">{words.title}</h1>
      <p>{words.intro}</p>
      <Loaded remote={remote} empty={(orders) => (orders.length === 0 ? words.none : undefined)}>
        {(orders) => (
          <ul class="lines">
            {orders.map((order) => (
              <li key={order.orderId}>
                <span class="when">
                  {words.since} {dayText(order.fromMs)}
                </span>
                <span class="what">
                  <strong>
                    {TEXT.orders.number} <code>{shortId(order.orderId)}</code>
                  </strong>
                  {order.untilMs === null ? null : (
                    <span>
                      {words.until} {dayText(order.untilMs)}
                    </span>
                  )}
                  {chosen === order.orderId ? <Order {...{ api, person, order }} /> : null}
                </span>
                <button
                  type="button"
                  aria-expanded={chosen === order.orderId}
                  onClick={() => {
                    setChosen(chosen === order.orderId ? undefined : order.orderId);
                  }}
                >
                  {words.open}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

async function allOrders(api: ApiClient, signal: AbortSignal): Promise<OrderToAnswer[]> {
  const orders: OrderToAnswer[] = [];
  let bookmark: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = bookmark === undefined ? '' : `?bookmark=${bookmark}`;
    const answer: WorklistAnswer = await api.ask(`orders${query}`, WorklistAnswer, { signal });
    orders.push(...answer.orders);
    ({ bookmark } = answer);
    if (bookmark === undefined) break;
  }
  return orders.toSorted((a, b) => a.fromMs - b.fromMs);
}

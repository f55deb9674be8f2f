import { type OrderToAnswer, WorklistAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { allPages } from '../../api/all-pages.ts';
import type { ApiClient } from '../../api/client.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { UnfoldingList } from '../../ui/unfolding-list.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { dayText, shortId } from '../../ui/words.ts';
import { Order } from './order.tsx';

const { laboratory: words } = TEXT;

/** What the laboratory has to answer; it sees its orders and nothing else of anybody. */
export function Laboratory({
  api,
  person,
}: {
  readonly api: ApiClient;
  readonly person: Person;
}): JSX.Element {
  const remote = useRemote('worklist', (signal) => allOrders(api, signal));
  return (
    <section aria-labelledby="worklist-title">
      <h1 id="worklist-title">{words.title}</h1>
      <p>{words.intro}</p>
      <Loaded remote={remote} empty={(orders) => (orders.length === 0 ? words.none : undefined)}>
        {(orders) => (
          <UnfoldingList
            open={words.open}
            lines={orders.map((order) => ({
              key: order.orderId,
              when: `${words.since} ${dayText(order.fromMs)}`,
              what: <OrderLine order={order} />,
              unfolded: () => <Order {...{ api, person, order }} />,
            }))}
          />
        )}
      </Loaded>
    </section>
  );
}

function OrderLine({
  order: { orderId, untilMs },
}: {
  readonly order: OrderToAnswer;
}): JSX.Element {
  return (
    <>
      <strong>
        {TEXT.orders.number} <code>{shortId(orderId)}</code>
      </strong>
      {untilMs === null ? null : (
        <span>
          {words.until} {dayText(untilMs)}
        </span>
      )}
    </>
  );
}

async function allOrders(api: ApiClient, signal: AbortSignal): Promise<OrderToAnswer[]> {
  const ask = (path: string): Promise<WorklistAnswer> => api.ask(path, WorklistAnswer, { signal });
  const orders = await allPages('orders', ask, (answer) => answer.orders);
  return orders.toSorted((a, b) => a.fromMs - b.fromMs);
}

import { type Touched, TransactionAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { Verdict } from './block-detail.tsx';
import { Fact, momentText, Opened, worded } from './shown.tsx';

const { ledger: words } = TEXT;

interface TransactionDetailProps {
  readonly api: ApiClient;
  readonly id: string;
  readonly onOpen: (at: string) => void;
}

/** One transaction: who sent and endorsed it, what became of it, hashes of what it wrote. */
export function TransactionDetail({ api, id, onOpen }: TransactionDetailProps): JSX.Element {
  const remote = useRemote(id, (signal) =>
    api.ask(`ledger/transactions/${id}`, TransactionAnswer, { signal }),
  );
  return (
    <section class="panel">
      <Opened>{words.transaction}</Opened>
      <p>
        <code>{id}</code>
      </p>
      <Loaded remote={worded(remote)}>
        {(found) => (
          <>
            <dl class="facts">
              <Fact name={words.verdict}>
                <Verdict code={found.code} />
              </Fact>
              <Fact name={words.time}>{momentText(found.atMs)}</Fact>
              <Fact name={words.place}>
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    onOpen(String(found.block));
                  }}
                >
                  {`${words.block} ${found.block.toLocaleString(navigator.language)}`}
                </button>
                {`, ${String(found.index + 1)}.`}
              </Fact>
              <Fact name={words.chaincode}>{found.chaincode ?? '–'}</Fact>
              <Fact name={words.function}>{found.function ?? found.type}</Fact>
              <Fact name={words.creator}>{found.creator}</Fact>
              <Fact name={words.endorsers}>{found.endorsers.join(', ') || '–'}</Fact>
              <Fact name={words.event}>{found.event ?? '–'}</Fact>
            </dl>
            <TouchedTable touched={found.touched} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function TouchedTable({ touched }: { readonly touched: readonly Touched[] }): JSX.Element {
  const rows = touched.flatMap(({ namespace, reads, writes, collections }) => [
    { namespace, collection: words.publicState, reads, writes, hash: '' },
    ...collections.map((one) => ({ namespace, ...one })),
  ]);
  const shown = rows.filter(({ reads, writes }) => reads + writes > 0);
  if (shown.length === 0) return <p class="empty">{words.untouched}</p>;
  return (
    <div class="scroll">
      <table>
        <caption>
          {words.touched} <span class="hint">{words.touchedHint}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">{words.chaincode}</th>
            <th scope="col">{words.collection}</th>
            <th scope="col">{words.reads}</th>
            <th scope="col">{words.writes}</th>
            <th scope="col">{words.hash}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ namespace, collection, reads, writes, hash }) => (
            <tr key={`${namespace} ${collection}`}>
              <td>{namespace}</td>
              <th scope="row">{collection}</th>
              <td>{reads}</td>
              <td>{writes}</td>
              <td class="wide">
                <code>{hash || '–'}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

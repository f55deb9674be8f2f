import { BlockAnswer, type TransactionLine } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { Check, Fact, Hash, momentText, Opened, worded } from './shown.tsx';

const { ledger: words } = TEXT;

interface BlockDetailProps {
  readonly api: ApiClient;
  readonly number: number;
  readonly onOpen: (at: string) => void;
}

/** One block: what its header says, whether that is so, and its transactions. */
export function BlockDetail({ api, number, onOpen }: BlockDetailProps): JSX.Element {
  const remote = useRemote(String(number), (signal) =>
    api.ask(`ledger/blocks/${String(number)}`, BlockAnswer, { signal }),
  );
  return (
    <section class="panel">
      <Opened>{`${words.block} ${number.toLocaleString(navigator.language)}`}</Opened>
      <Loaded remote={worded(remote)}>
        {(block) => (
          <>
            <dl class="facts">
              <Fact name={words.time}>{momentText(block.atMs)}</Fact>
              <Fact name={words.checked}>
                <Check line={block} />
              </Fact>
              <Fact name={words.orderers}>{block.orderers.join(', ') || '–'}</Fact>
              <Fact
                name={words.bytes}
              >{`${block.bytes.toLocaleString(navigator.language)} B`}</Fact>
            </dl>
            <dl class="hashes">
              <Fact name={words.hash}>
                <code>{block.hash}</code>
              </Fact>
              <Fact name={words.dataHash}>
                <code>{block.dataHash}</code>
              </Fact>
              <Fact name={words.previousHash}>
                <code>{block.previousHash || '–'}</code>
              </Fact>
            </dl>
            <Transactions lines={block.lines} onOpen={onOpen} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Transactions({
  lines,
  onOpen,
}: {
  readonly lines: readonly TransactionLine[];
  readonly onOpen: (at: string) => void;
}): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <caption>{words.transactions}</caption>
        <thead>
          <tr>
            <th scope="col">{words.transaction}</th>
            <th scope="col">{words.function}</th>
            <th scope="col">{words.creator}</th>
            <th scope="col">{words.verdict}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            <tr key={index}>
              <th scope="row">
                {/^[0-9a-f]{64}$/.test(line.id) ? (
                  <button
                    type="button"
                    class="link"
                    onClick={() => {
                      onOpen(line.id);
                    }}
                  >
                    <Hash hex={line.id} />
                  </button>
                ) : (
                  '–'
                )}
              </th>
              <td>{line.function ?? line.type}</td>
              <td>{line.creator}</td>
              <td>
                <Verdict code={line.code} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Fabric's own name of the validation code: operators look it up by that. */
export function Verdict({ code }: { readonly code: string }): JSX.Element {
  return <span class={code === 'VALID' ? 'badge live' : 'badge danger'}>{code}</span>;
}

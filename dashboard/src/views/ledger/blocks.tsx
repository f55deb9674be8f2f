import { type BlockLine, BlocksAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { usePolled } from '../../ui/use-polled.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { Check, Hash, momentText } from './shown.tsx';

const { ledger: words } = TEXT;
const PAGE = 15;
const POLL_MS = 2_000;

interface BlocksProps {
  readonly api: ApiClient;
  readonly onOpen: (at: string) => void;
}

/** Blocks as they come, newest first; held still on request and while somebody looks at older ones. */
export function Blocks({ api, onOpen }: BlocksProps): JSX.Element {
  const [before, setBefore] = useState<number>();
  const [isPaused, setPaused] = useState(false);
  const query = before === undefined ? '' : `&before=${String(before)}`;
  const remote = useRemote(`blocks ${query}`, (signal) =>
    api.ask(`ledger/blocks?pageSize=${String(PAGE)}${query}`, BlocksAnswer, { signal }),
  );
  usePolled(remote.reload, POLL_MS, before === undefined && !isPaused);
  const oldest = remote.value?.blocks.at(-1)?.number ?? 0;
  return (
    <section class="panel" aria-labelledby="blocks-title">
      <h2 id="blocks-title">{words.blocks}</h2>
      <Loaded remote={remote}>
        {({ blocks }) => <BlockTable blocks={blocks} onOpen={onOpen} />}
      </Loaded>
      <p class="buttons">
        <button
          type="button"
          disabled={before !== undefined}
          onClick={() => {
            setPaused(!isPaused);
          }}
        >
          {isPaused ? words.resume : words.pause}
        </button>
        <button
          type="button"
          disabled={before === undefined}
          onClick={() => {
            setBefore(undefined);
          }}
        >
          {words.newest}
        </button>
        <button
          type="button"
          disabled={oldest === 0}
          onClick={() => {
            setBefore(oldest);
          }}
        >
          {words.older}
        </button>
      </p>
    </section>
  );
}

function BlockTable({
  blocks,
  onOpen,
}: {
  readonly blocks: readonly BlockLine[];
  readonly onOpen: (at: string) => void;
}): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{words.block}</th>
            <th scope="col">{words.checked}</th>
            <th scope="col">
              {words.time} <span class="hint">{words.timeHint}</span>
            </th>
            <th scope="col">{words.transactions}</th>

            <th scope="col">{words.dataHash}</th>
          </tr>
        </thead>
        <tbody>
          {blocks.map((block) => (
            <tr key={block.number}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    onOpen(String(block.number));
                  }}
                >
                  {block.number.toLocaleString(navigator.language)}
                </button>
              </th>
              <td>
                <Check line={block} />
              </td>
              <td class="moment">{momentText(block.atMs)}</td>
              <td>
                {block.transactions}
                {block.valid < block.transactions ? (
                  <span class="badge warn">
                    {`${String(block.transactions - block.valid)} ${words.notValid}`}
                  </span>
                ) : null}
              </td>
              <td>
                <Hash hex={block.dataHash} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

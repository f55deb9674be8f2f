import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { BlockDetail } from './block-detail.tsx';
import { Blocks } from './blocks.tsx';
import { Chaincodes } from './chaincodes.tsx';
import { Peers } from './peers.tsx';
import { TransactionDetail } from './transaction-detail.tsx';

const { ledger: words } = TEXT;
const BLOCK = /^\d{1,15}$/;
const TRANSACTION = /^[0-9a-f]{64}$/i;

export interface LedgerProps {
  readonly api: ApiClient;
  /** A block's number or a transaction's id; empty for all blocks. */
  readonly at: string;
  readonly onOpen: (at: string) => void;
}

/** The ledger for its operators: what is public on it, live. */
export function Ledger({ api, at, onOpen }: LedgerProps): JSX.Element {
  return (
    <section aria-labelledby="ledger-title">
      <h1 id="ledger-title">{words.title}</h1>
      <p>{words.intro}</p>
      <Search onOpen={onOpen} />
      {at === '' ? null : (
        <p>
          <button
            type="button"
            onClick={() => {
              onOpen('');
            }}
          >
            {words.all}
          </button>
        </p>
      )}
      <Found {...{ api, at, onOpen }} />
    </section>
  );
}

function Found({ api, at, onOpen }: LedgerProps): JSX.Element {
  if (BLOCK.test(at)) {
    return <BlockDetail key={at} {...{ api, onOpen }} number={Number(at)} />;
  }
  if (at !== '') {
    return <TransactionDetail key={at} {...{ api, onOpen }} id={at.toLowerCase()} />;
  }
  return (
    <>
      <Peers api={api} />
      <Blocks {...{ api, onOpen }} />
      <Chaincodes api={api} />
    </>
  );
}

function Search({ onOpen }: Pick<LedgerProps, 'onOpen'>): JSX.Element {
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      role="search"
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        const isFit = BLOCK.test(wanted) || TRANSACTION.test(wanted);
        setWrong(!isFit);
        if (isFit) onOpen(wanted);
      }}
    >
      <label class="field">
        {words.search}
        <input
          value={text}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? 'ledger-search-wrong' : undefined}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setWrong(false);
          }}
        />
      </label>
      <button type="submit">{words.find}</button>
      {isWrong ? (
        <p id="ledger-search-wrong" class="notice error" role="alert">
          {words.notASearch}
        </p>
      ) : null}
    </form>
  );
}

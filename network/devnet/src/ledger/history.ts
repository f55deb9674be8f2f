import { type common, ledger } from '@hyperledger/fabric-protos';
import { toBinary } from './bytes.ts';
import { type Cursor, type Database, prefixRange, type Snapshot } from './database.ts';
import { decodeHistoryKey, historyPrefix } from './keys.ts';
import { decodeRwset } from './rwset-codec.ts';
import { parseTransaction } from './transaction.ts';
import { type HistoryIterator, LedgerError } from './types.ts';

const { KeyModification } = ledger.queryresult;

type KeyModificationMessage = ledger.queryresult.KeyModification;

/** Walks a public key's writes from newest to oldest. The index holds only where they are; values are in the blocks. */
export class KeyHistory implements HistoryIterator {
  readonly #cursor: Cursor;
  readonly #prefix: Buffer;
  readonly #namespace: string;
  readonly #key: string;
  readonly #block: (number: number) => common.Block | undefined;

  constructor(
    database: Database,
    namespace: string,
    key: string,
    options: { snapshot: Snapshot; block: (number: number) => common.Block | undefined },
  ) {
    this.#namespace = namespace;
    this.#key = key;
    this.#block = options.block;
    this.#prefix = historyPrefix(namespace, key);
    this.#cursor = database.cursor(
      { ...prefixRange(this.#prefix), reverse: true, keysOnly: true },
      options.snapshot,
    );
  }

  async next(): Promise<KeyModificationMessage | undefined> {
    const entry = await this.#cursor.next();
    if (entry === undefined) return undefined;
    const { block, transaction } = decodeHistoryKey(entry.key, this.#prefix);
    const modification = this.#modification(block, transaction);
    if (modification === undefined) {
      throw new LedgerError(
        `no namespace or key is found for namespace ${this.#namespace} and key ${this.#key} with decoded blockNum ${block} and tranNum ${transaction}`,
      );
    }
    return modification;
  }

  async close(): Promise<void> {
    await this.#cursor.close();
  }

  #modification(block: number, index: number): KeyModificationMessage | undefined {
    const bytes = this.#block(block)?.getData()?.getDataList_asU8()[index];
    const transaction = bytes && parseTransaction(bytes);
    if (transaction?.action === undefined) return undefined;
    const key = toBinary(this.#key);
    const write = decodeRwset(transaction.action.getResults_asU8())
      .find(({ namespace }) => namespace === this.#namespace)
      ?.publicSpace.writes.find((candidate) => candidate.key === key);
    if (write === undefined) return undefined;
    const modification = new KeyModification();
    modification.setTxId(transaction.txId);
    modification.setTimestamp(transaction.timestamp);
    modification.setIsDelete(write.value === undefined);
    if (write.value !== undefined) modification.setValue(write.value);
    return modification;
  }
}

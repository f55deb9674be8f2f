import { CHUNKS_RECORDED_EVENT, ChunksRecorded, type ConnectionProfile } from '@pulseledger/domain';
import { connectGateway, type LedgerConnection, type Signatory } from '@pulseledger/ledger';
import { personFromKeys } from './key-identity.ts';
import type { People } from './people.ts';

/** Nothing new for so long: what was expected is not there. */
const IDLE_MS = 10_000;

export interface RecordedTransactions {
  readonly transactions: number;
  readonly chunks: number;
}

/** Follows the events of transactions that recorded chunks. */
export class TransactionWatch {
  readonly #connection: LedgerConnection;
  readonly #signatory: Signatory;

  constructor(connection: LedgerConnection, signatory: Signatory) {
    this.#connection = connection;
    this.#signatory = signatory;
  }

  static async open(
    keys: string,
    profile: ConnectionProfile,
    people: People,
  ): Promise<TransactionWatch> {
    const login = people.logins.find(({ role }) => role === 'administrator');
    if (login === undefined) throw new Error('There is no administrator among the test logins.');
    const { organization, role, subjectId } = login;
    const source = await personFromKeys(keys, { organization, role, subjectId });
    return new TransactionWatch(connectGateway(profile, organization), await source.current());
  }

  /** Block of the first recording from now on; undefined when `signal` ends the wait before one came. */
  async firstBlock(signal: AbortSignal): Promise<bigint | undefined> {
    for await (const { blockNumber } of this.#events(undefined, signal)) return blockNumber;
    return undefined;
  }

  /** Counts recordings from that block on, until they hold so many chunks. */
  async count(startBlock: bigint, chunks: number): Promise<RecordedTransactions> {
    const idle = new AbortController();
    let timer = setTimeout(() => {
      idle.abort();
    }, IDLE_MS);
    const found = { transactions: 0, chunks: 0 };
    for await (const { count } of this.#events(startBlock, idle.signal)) {
      clearTimeout(timer);
      found.transactions += 1;
      found.chunks += count;
      if (found.chunks >= chunks) break;
      timer = setTimeout(() => {
        idle.abort();
      }, IDLE_MS);
    }
    clearTimeout(timer);
    return found;
  }

  close(): void {
    this.#connection.close();
  }

  async *#events(
    startBlock: bigint | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<{ blockNumber: bigint; count: number }> {
    const { channel, chaincode } = this.#connection;
    const events = await this.#connection.call(this.#signatory, (gateway) =>
      gateway
        .getNetwork(channel)
        .getChaincodeEvents(chaincode, startBlock === undefined ? {} : { startBlock }),
    );
    const end = (): void => {
      events.close();
    };
    signal.addEventListener('abort', end);
    try {
      for await (const { eventName, blockNumber, payload } of events) {
        if (eventName !== CHUNKS_RECORDED_EVENT) continue;
        const parsed: unknown = JSON.parse(Buffer.from(payload).toString());
        yield { blockNumber, count: ChunksRecorded.parse(parsed).count };
      }
    } catch (error) {
      // Closing the stream makes it end with an error.
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      events.close();
    }
  }
}

import { createHash } from 'node:crypto';
import { compositeKey, PROVIDER_MSP_IDS, PROVIDERS_COLLECTION } from '@pulseledger/domain';
import type { LedgerStub } from '../transaction/ledger-context.ts';

type QueryIterator = Awaited<ReturnType<LedgerStub['getPrivateDataByRange']>>;
type Entry = Awaited<ReturnType<QueryIterator['next']>>['value'];

/** A committed private value with the number of the commit that wrote it. */
export interface Committed {
  readonly value: Uint8Array;
  readonly version: number;
}

/** What was committed before a transaction began; it sees nothing else. */
export interface CommittedState {
  /** By {@link placeOf}. */
  readonly privateData: ReadonlyMap<string, Committed>;
  readonly publicState: ReadonlyMap<string, Uint8Array>;
}

/** What a transaction's proposal says, and whose peer runs it. */
export interface SimulatedProposal {
  readonly txId: string;
  readonly nowMs: number;
  readonly transient: ReadonlyMap<string, Uint8Array>;
  readonly creatorMspId: string;
  readonly peerMspId: string;
}

/** Where a private value is kept: keys of the providers' collection as they are, others behind its name. */
export function placeOf(collection: string, key: string): string {
  return collection === PROVIDERS_COLLECTION ? key : `${collection}/${key}`;
}

const IMPLICIT = '_implicit_org_';
const NOT_HERE = 'private data matching public hash version is not available';
const NO_READ_ACCESS = 'tx creator does not have read access permission on privatedata';

const QUERY_AFTER_WRITE =
  'unsuppored transaction. Queries on pvt data is supported only in a read-only transaction';
const WRITE_AFTER_QUERY =
  'unsuppored transaction. Transaction has already performed queries on pvt data. Writes are not allowed';

/** The stub of one transaction with Fabric's semantics: reads never see the own writes. */
export class StubDouble implements LedgerStub {
  readonly privateWrites = new Map<string, Uint8Array>();
  readonly privateDeletes = new Set<string>();
  readonly publicWrites = new Map<string, Uint8Array>();
  /** Version of each private key at the time it was read; undefined = absent. */
  readonly reads = new Map<string, number | undefined>();
  /** Names of the calls that cost a round trip to the peer, in order. */
  readonly calls: string[] = [];
  event: { readonly name: string; readonly payload: Uint8Array } | undefined;
  openIterators = 0;
  readonly #state: CommittedState;
  readonly #proposal: SimulatedProposal;
  #queried = false;

  constructor(state: CommittedState, proposal: SimulatedProposal) {
    this.#state = state;
    this.#proposal = proposal;
  }

  getTxID(): string {
    return this.#proposal.txId;
  }

  getDateTimestamp(): Date {
    return new Date(this.#proposal.nowMs);
  }

  getTransient(): Map<string, Uint8Array> {
    return new Map(this.#proposal.transient);
  }

  createCompositeKey(objectType: string, attributes: string[]): string {
    return compositeKey({ objectType, attributes });
  }

  #read(call: string, place: string): Uint8Array {
    this.calls.push(call);
    const committed = this.#state.privateData.get(place);
    this.reads.set(place, committed?.version);
    return committed?.value ?? new Uint8Array(0);
  }

  /** Who is no member reads no value; an organization's own collection is at its peers alone. */
  #refusal(collection: string): Error | undefined {
    const { creatorMspId, peerMspId } = this.#proposal;
    if (collection.startsWith(IMPLICIT)) {
      return collection === IMPLICIT + peerMspId ? undefined : new Error(NOT_HERE);
    }
    const isMember = collection !== PROVIDERS_COLLECTION || PROVIDER_MSP_IDS.includes(creatorMspId);
    return isMember ? undefined : new Error(NO_READ_ACCESS);
  }

  getState(key: string): Promise<Uint8Array> {
    this.calls.push('getState');
    return Promise.resolve(this.#state.publicState.get(key) ?? new Uint8Array(0));
  }

  getPrivateData(collection: string, key: string): Promise<Uint8Array> {
    const refusal = this.#refusal(collection);
    if (refusal !== undefined) return Promise.reject(refusal);
    return Promise.resolve(this.#read('getPrivateData', placeOf(collection, key)));
  }

  getPrivateDataHash(collection: string, key: string): Promise<Uint8Array> {
    const value = this.#read('getPrivateDataHash', placeOf(collection, key));
    const hash = value.length === 0 ? value : createHash('sha256').update(value).digest();
    return Promise.resolve(hash);
  }

  putPrivateData(collection: string, key: string, value: Uint8Array): Promise<void> {
    this.calls.push('putPrivateData');
    if (this.#queried) return Promise.reject(new Error(WRITE_AFTER_QUERY));
    const place = placeOf(collection, key);
    this.privateDeletes.delete(place);
    this.privateWrites.set(place, Uint8Array.from(value));
    return Promise.resolve();
  }

  deletePrivateData(collection: string, key: string): Promise<void> {
    return this.#remove('deletePrivateData', placeOf(collection, key));
  }

  purgePrivateData(collection: string, key: string): Promise<void> {
    return this.#remove('purgePrivateData', placeOf(collection, key));
  }

  #remove(call: string, place: string): Promise<void> {
    this.calls.push(call);
    if (this.#queried) return Promise.reject(new Error(WRITE_AFTER_QUERY));
    this.privateWrites.delete(place);
    this.privateDeletes.add(place);
    return Promise.resolve();
  }

  putState(key: string, value: Uint8Array): Promise<void> {
    this.calls.push('putState');
    if (this.#queried) return Promise.reject(new Error(WRITE_AFTER_QUERY));
    this.publicWrites.set(key, Uint8Array.from(value));
    return Promise.resolve();
  }

  setEvent(name: string, payload: Uint8Array): void {
    this.event = { name, payload };
  }

  getPrivateDataByRange(
    collection: string,
    startKey: string,
    endKey: string,
  ): Promise<QueryIterator> & AsyncIterable<Entry> {
    this.calls.push('getPrivateDataByRange');
    const refusal = this.#refusal(collection);
    if (refusal !== undefined) throw refusal;
    if (this.privateWrites.size + this.privateDeletes.size + this.publicWrites.size > 0) {
      throw new Error(QUERY_AFTER_WRITE);
    }
    this.#queried = true;
    const iterator = this.#iterator(collection, startKey, endKey);
    // As in fabric-shim: one object that is both a promise and iterable, closed on leaving the loop.
    return Object.assign(Promise.resolve(iterator), {
      [Symbol.asyncIterator]: () => ({
        next: () => iterator.next(),
        return: async () => {
          await iterator.close();
          return { done: true as const, value: undefined };
        },
      }),
    });
  }

  #iterator(collection: string, startKey: string, endKey: string): QueryIterator {
    const ahead = placeOf(collection, '').length;
    const found = [...this.#state.privateData]
      .filter(([place]) =>
        isBetween(place, placeOf(collection, startKey), placeOf(collection, endKey)),
      )
      .map(([place, committed]): [string, Committed] => [place.slice(ahead), committed])
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    let at = 0;
    this.openIterators += 1;
    const close = (): Promise<void> => {
      this.openIterators -= 1;
      return Promise.resolve();
    };
    return {
      close,
      next: async () => {
        const [key, committed] = found[at++] ?? [];
        if (key === undefined || committed === undefined) {
          await close();
          return { done: true, value: { namespace: '', key: '', value: new Uint8Array(0) } };
        }
        return { done: false, value: { namespace: '', key, value: committed.value } };
      },
    };
  }
}

function isBetween(key: string, startKey: string, endKey: string): boolean {
  const bytes = Buffer.from(key);
  return (
    Buffer.compare(bytes, Buffer.from(startKey)) >= 0 &&
    Buffer.compare(bytes, Buffer.from(endKey)) < 0
  );
}

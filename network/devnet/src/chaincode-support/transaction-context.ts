import type { peer } from '@hyperledger/fabric-protos';
import type {
  HistoryIterator,
  PagedStateIterator,
  StateIterator,
  TxSimulator,
} from '../ledger/types.ts';
import type { Collection } from '../lifecycle/chaincode-definitions.ts';
import type { Identity } from '../msp/identity.ts';
import { satisfiesPolicy } from '../policy/evaluate.ts';
import { ChaincodeError } from './errors.ts';

/** What a transaction needs while its chaincode runs. */
export interface TransactionParameters {
  readonly channel: string;
  readonly txId: string;
  readonly signedProposal: peer.SignedProposal;
  readonly creator: Identity;
  readonly simulator: TxSimulator;
}

/** An open query of a transaction. */
export type QueryIterator = StateIterator | PagedStateIterator | HistoryIterator;

/** A query that has more results than were sent. */
export interface OpenQuery {
  readonly iterator: QueryIterator;
  /** Results read from the iterator but not sent yet, marshalled. */
  pending: Uint8Array[];
  /** Results so far, against the limit of a query. */
  count: number;
}

/** Open queries of one transaction; a contract that closes none of its iterators stops here. */
const MAX_OPEN_QUERIES = 10_000;

interface Permission {
  readonly read: boolean;
  readonly write: boolean;
}

/** One transaction at one chaincode: simulator, open queries, and what its creator may do (core/chaincode/transaction_context.go). */
export class TransactionContext {
  readonly namespace: string;
  readonly parameters: TransactionParameters;
  readonly #collection: (name: string) => Collection | undefined;
  readonly #permissions = new Map<string, Permission>();
  readonly #queries = new Map<string, OpenQuery>();
  #nextQuery = 0;

  constructor(
    namespace: string,
    parameters: TransactionParameters,
    collection: (name: string) => Collection | undefined,
  ) {
    this.namespace = namespace;
    this.parameters = parameters;
    this.#collection = collection;
  }

  get simulator(): TxSimulator {
    return this.parameters.simulator;
  }

  /** @throws ChaincodeError when the creator's organization may not read the collection. */
  checkRead(collection: string): void {
    if (!this.#permission(collection).read) throw this.#denied('read', collection);
  }

  /** @throws ChaincodeError when the creator's organization may not write the collection. */
  checkWrite(collection: string): void {
    if (!this.#permission(collection).write) throw this.#denied('write', collection);
  }

  openQuery(iterator: QueryIterator): string {
    if (this.#queries.size >= MAX_OPEN_QUERIES) throw new ChaincodeError('too many open iterators');
    const id = `${this.parameters.txId}-${this.#nextQuery++}`;
    this.#queries.set(id, { iterator, pending: [], count: 0 });
    return id;
  }

  query(id: string): OpenQuery | undefined {
    return this.#queries.get(id);
  }

  async closeQuery(id: string): Promise<void> {
    const query = this.#queries.get(id);
    this.#queries.delete(id);
    await query?.iterator.close();
  }

  /** Forgets a query whose iterator closed itself. */
  forgetQuery(id: string): void {
    this.#queries.delete(id);
  }

  async closeAllQueries(): Promise<void> {
    for (const id of [...this.#queries.keys()]) await this.closeQuery(id);
  }

  #permission(name: string): Permission {
    const known = this.#permissions.get(name);
    if (known !== undefined) return known;
    const collection = this.#collection(name);
    if (collection === undefined) {
      const path = `${this.parameters.channel}/${this.namespace}/${name}`;
      throw new ChaincodeError(`collection ${path} could not be found`);
    }
    const isMember = satisfiesPolicy(collection.memberRule, [this.parameters.creator]);
    const permission = {
      read: isMember || !collection.memberOnlyRead,
      write: isMember || !collection.memberOnlyWrite,
    };
    this.#permissions.set(name, permission);
    return permission;
  }

  #denied(what: 'read' | 'write', collection: string): ChaincodeError {
    return new ChaincodeError(
      `tx creator does not have ${what} access permission on privatedata in chaincodeName:${this.namespace} collectionName: ${collection}`,
    );
  }
}

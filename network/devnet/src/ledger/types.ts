import type { Readable } from 'node:stream';
import type { common, ledger, peer } from '@hyperledger/fabric-protos';

/** A refusal of the ledger. The message is Fabric's own text, as a client or chaincode would read it from a peer. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

/** One explicit private data collection of a chaincode, as far as the ledger needs it. */
export interface CollectionDefinition {
  readonly name: string;
  /** MSP ids whose peers hold the values; everybody holds the hashes. */
  readonly members: readonly string[];
  /** Blocks a value lives after its last write; 0 = for ever. */
  readonly blockToLive: number;
}

/** A chaincode (= state namespace) and its explicit collections. Implicit ones (`_implicit_org_<MSP id>`) exist for every organization. */
export interface NamespaceDefinition {
  readonly name: string;
  readonly collections: readonly CollectionDefinition[];
}

export interface LedgerOptions {
  /** Directory of this channel's database; made when absent. One process at a time. */
  readonly dir: string;
  readonly channel: string;
  /** MSP ids of the organizations that run peers. */
  readonly organizations: readonly string[];
  readonly namespaces: readonly NamespaceDefinition[];
  /** Default true: a commit is answered after fsync. False keeps it safe against kill -9 but not against power loss. */
  readonly sync?: boolean;
  readonly interventions?: CommitInterventions | undefined;
}

/** One of `peer.TxValidationCode`. */
export type ValidationCode = peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap];

/** Where a value was written: block number and index of the transaction in it. */
export interface Version {
  readonly block: number;
  readonly transaction: number;
}

export interface KeyValue {
  readonly namespace: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Results in ascending order of the key's UTF-8 bytes. `next` answers undefined at the end, again and again. */
export interface StateIterator {
  next(): Promise<KeyValue | undefined>;
  close(): Promise<void>;
}

/** A page of a range query. */
export interface PagedStateIterator extends StateIterator {
  /** Start key of the next page; '' when the range is exhausted. */
  bookmarkAndClose(): Promise<string>;
}

/** Newest first, as Fabric. */
export interface HistoryIterator {
  next(): Promise<ledger.queryresult.KeyModification | undefined>;
  close(): Promise<void>;
}

/** Metadata of a key by name; the one name Fabric knows is `VALIDATION_PARAMETER` (a marshalled endorsement policy). */
export type KeyMetadata = ReadonlyMap<string, Uint8Array>;

/**
 * A key that was written and the metadata it has in committed state (empty when none); `collection` is '' for public
 * state. For the Gateway's endorsement plan.
 */
export interface WrittenKeyMetadata {
  readonly namespace: string;
  readonly collection: string;
  readonly key: string;
  readonly metadata: KeyMetadata;
}

/** What one simulation read and wrote. */
export interface SimulationResult {
  /** Bytes of `rwset.TxReadWriteSet`: goes into `ChaincodeAction.results`; equal at every endorser that saw the same state. */
  readonly publicRwset: Uint8Array;
  /** `rwset.TxPvtReadWriteSet`; undefined when nothing private was written. Never leaves the member organizations. */
  readonly privateRwset: ledger.rwset.TxPvtReadWriteSet | undefined;
  /** Collections whose private values (not hashes) were read, (Fabric's PrivateReads). */
  readonly privateReads: readonly { readonly namespace: string; readonly collection: string }[];
  /** Every key written (Fabric's WritesetMetadata). */
  readonly writtenKeyMetadata: readonly WrittenKeyMetadata[];
}

/**
 * One transaction's view of the state, as Fabric's TxSimulator: a consistent snapshot that never shows the
 * transaction's own writes. Point operations are synchronous (an embedded database answers in microseconds), ranges are not.
 * Every method throws LedgerError with Fabric's text. Call `done` in a finally.
 *
 * Who may read or write a collection (memberOnlyRead/Write) is not decided here but by chaincode support, as in Fabric.
 */
export interface TxSimulator {
  readonly txId: string;
  /** The organization whose peer simulates: its private store is read. */
  readonly mspId: string;

  getState(namespace: string, key: string): Uint8Array | undefined;
  putState(namespace: string, key: string, value: Uint8Array): void;
  deleteState(namespace: string, key: string): void;
  getStateMetadata(namespace: string, key: string): KeyMetadata;
  /** Replaces all metadata of the key; an empty map removes it. */
  putStateMetadata(namespace: string, key: string, metadata: KeyMetadata): void;
  /** From start (inclusive) to end (exclusive); '' = first, '' = past the last. */
  getStateRange(namespace: string, start: string, end: string): StateIterator;
  /** Read-only transactions only. Pass the bookmark, when there is one, as start. */
  getStateRangePage(
    namespace: string,
    start: string,
    end: string,
    pageSize: number,
  ): PagedStateIterator;
  /** Always refuses: LevelDB has no rich queries. */
  executeQuery(namespace: string, query: string): never;
  executeQueryPage(namespace: string, query: string): never;
  getHistoryForKey(namespace: string, key: string): HistoryIterator;

  getPrivateData(namespace: string, collection: string, key: string): Uint8Array | undefined;
  getPrivateDataHash(namespace: string, collection: string, key: string): Uint8Array | undefined;
  putPrivateData(namespace: string, collection: string, key: string, value: Uint8Array): void;
  deletePrivateData(namespace: string, collection: string, key: string): void;
  purgePrivateData(namespace: string, collection: string, key: string): void;
  getPrivateDataMetadata(namespace: string, collection: string, key: string): KeyMetadata;
  putPrivateDataMetadata(
    namespace: string,
    collection: string,
    key: string,
    metadata: KeyMetadata,
  ): void;
  /** Read-only transactions only. */
  getPrivateDataRange(
    namespace: string,
    collection: string,
    start: string,
    end: string,
  ): StateIterator;
  /** Always refuses: LevelDB has no rich queries. */
  executeQueryOnPrivateData(namespace: string, collection: string, query: string): never;

  /** Once. */
  result(): SimulationResult;
  /** Releases the snapshot and every iterator; later calls throw. */
  done(): Promise<void>;
}

/** What became of one transaction. */
export interface TransactionStatus {
  readonly block: number;
  /** Index in the block. */
  readonly transaction: number;
  readonly code: ValidationCode;
}

/** A private write set that a member organization should hold and does not (Fabric's missing private data). */
export interface MissingPrivateData {
  readonly mspId: string;
  readonly block: number;
  readonly transaction: number;
  readonly namespace: string;
  readonly collection: string;
}

export interface CommittedTransaction {
  /** '' when the envelope has none that can be read. */
  readonly txId: string;
  readonly code: ValidationCode;
}

export interface CommitResult {
  readonly number: number;
  /** The block as stored: TRANSACTIONS_FILTER and COMMIT_HASH metadata filled in. */
  readonly block: common.Block;
  /** Final validation code of each transaction, in order. */
  readonly transactions: readonly CommittedTransaction[];
  readonly missing: readonly MissingPrivateData[];
}

/** Private write sets by the index of their transaction in the block. */
export type PrivateWriteSetsByTransaction = ReadonlyMap<number, ledger.rwset.TxPvtReadWriteSet>;

export type CommitListener = (commit: CommitResult) => void;

/**
 * One channel's ledger: block chain, public state (one copy: it is the same at every peer) and a private store
 * for each organization.
 */
export interface Ledger {
  readonly channel: string;
  /** Number of blocks = number of the next one. 0 before the genesis block. */
  readonly height: number;
  /** Header hash of the last block; empty before the genesis block. */
  readonly lastHash: Uint8Array;

  newSimulator(options: { readonly mspId: string; readonly txId: string }): TxSimulator;

  /** From now on there are these chaincodes and collections; between two blocks. */
  defineNamespaces(namespaces: readonly NamespaceDefinition[]): void;

  /**
   * Keeps a simulation's private writes at one organization's peer until its transaction commits (safe from a kill when resolved, from a power failure with the next block).
   * Call it for the endorsing peer and, as gossip would, for the other members.
   * Only collections of which the organization is a member are kept.
   */
  persistTransient(
    mspId: string,
    txId: string,
    privateRwset: ledger.rwset.TxPvtReadWriteSet,
  ): Promise<void>;

  /**
   * Appends a block. Its header must continue the chain (number = height, previous hash = lastHash, data hash of its data);
   * its TRANSACTIONS_FILTER metadata holds the validator's preliminary codes, one byte a transaction.
   * Transactions that came VALID are checked for duplicate ids and read conflicts in order, and applied.
   * Resolves when all of it is durable, in one atomic write. Blocks are committed in order of the calls.
   * The other private data of a transaction is taken from the organization's transient store or, as gossip would, from another member's.
   * @throws LedgerError when the header does not fit; the ledger stays as it was.
   */
  commitBlock(block: common.Block): Promise<CommitResult>;
  /** Called after each durable commit, in order. Returns how to stop. */
  onCommit(listener: CommitListener): () => void;
  /** Called when the ledger has become another one, by revert or load. Returns how to stop. */
  onReset(listener: () => void): () => void;

  block(number: number): Promise<common.Block | undefined>;
  transactionStatus(txId: string): TransactionStatus | undefined;
  hasTransaction(txId: string): boolean;
  /** The committed envelope and its code, as qscc GetTransactionByID. */
  transaction(txId: string): Promise<peer.ProcessedTransaction | undefined>;

  /** Metadata of a committed public key; empty when there is none. */
  keyMetadata(namespace: string, key: string): KeyMetadata;
  /** The same for a private key, by the key's SHA-256 (as hashed write sets name it). */
  privateKeyMetadata(namespace: string, collection: string, keyHash: Uint8Array): KeyMetadata;

  /**
   * What one member's peer holds of the private writes of a block's valid transactions (Fabric's pvtdata store), without what was
   * purged or has lived its time.
   */
  privateWriteSets(mspId: string, block: number): Promise<PrivateWriteSetsByTransaction>;

  /** What is missing where, oldest first, at most `limit`. */
  missingPrivateData(limit: number): Promise<readonly MissingPrivateData[]>;

  /** Waits for the commits under way. */
  close(): Promise<void>;
}

/** What of a transaction's reads was not so any more when it was validated. */
export interface ReadConflict {
  readonly code: ValidationCode;
  readonly namespace: string;
  /** '' = public state. */
  readonly collection: string;
  /** The key; of a private one the SHA-256, in hex; of a range its two ends. */
  readonly key: string;
  /** What was read; undefined = nothing there, or a range. */
  readonly read: Version | undefined;
  /** What was there; undefined = nothing, or a range. */
  readonly found: Version | undefined;
}

/** What goes wrong on purpose at a commit (developers' faults). */
export interface CommitInterventions {
  /** The code of a transaction that would be valid; undefined leaves it so. */
  codeOf(txId: string): ValidationCode | undefined;
  /** Whether an organization's peer gets the transaction's private data from nobody. */
  losesPrivateData(txId: string, mspId: string): boolean;
}

/** A moment that a ledger can go back to. */
export interface LedgerSnapshot {
  readonly id: number;
  /** Number of blocks at that moment. */
  readonly height: number;
  readonly atMs: number;
}

/**
 * What no real peer can do: go back, and be carried away. All of it happens between two blocks; the caller sees to it that no
 * simulation runs meanwhile.
 */
export interface DevelopmentLedger extends Ledger {
  /** Oldest first. They outlive the process. */
  snapshots(): readonly LedgerSnapshot[];
  /**
   * Costs nothing at once; from then on each change also writes what was there before.
   *
   * @param least the id is not less than this.
   */
  snapshot(least?: number): Promise<LedgerSnapshot>;
  /**
   * Everything (blocks, state, private data, history, transient store) as it was, in one atomic write. The snapshot stays, later
   * ones go. @throws LedgerError when there is none with that id.
   */
  revert(id: number): Promise<void>;
  /** @throws LedgerError when there is no snapshot with that id. */
  releaseSnapshot(id: number): Promise<void>;
  /** The whole ledger as it is now, without snapshots, as a stream of bytes. */
  dump(): Promise<Readable>;
  /**
   * Replaces everything, snapshots too, by a dump. It is checked completely first: bytes, chain of blocks, and what the
   * caller asks of its genesis block. @throws LedgerError when it is refused; the ledger stays as it was.
   */
  load(from: Readable, refuse: (genesis: common.Block) => string | undefined): Promise<void>;
  /** Why a transaction had a read conflict; known of the latest ones since the start. */
  conflictOf(txId: string): ReadConflict | undefined;
  /** Reads all blocks and checks their chain. Answers the height. @throws LedgerError when it is damaged. */
  verifyChain(): Promise<number>;
}

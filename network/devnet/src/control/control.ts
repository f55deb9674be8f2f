import type { Readable } from 'node:stream';
import type { LedgerSnapshot } from '../ledger/types.ts';
import type { BlockCutting } from '../orderer/block-cutting.ts';
import type { Fault, ListedFault } from './fault-types.ts';
import type { TransactionTrace } from './trace-types.ts';

/** What the network is doing. */
export interface DevnetStatus {
  readonly channel: string;
  /** Committed blocks. */
  readonly height: number;
  /** Accepted transactions that are in no block yet. */
  readonly pending: number;
  /** The same of each channel, the definition's first. */
  readonly channels: readonly {
    readonly channel: string;
    readonly height: number;
    readonly pending: number;
  }[];
  readonly cutting: BlockCutting;
  readonly clock: DevnetClock;
  readonly snapshots: readonly LedgerSnapshot[];
  readonly faults: readonly ListedFault[];
}

/** The peers' clock. */
export interface DevnetClock {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** How far it is from this machine's clock. */
  readonly offsetMs: number;
}

/** Whom to make a certificate for. */
export interface IdentityRequest {
  /** The organization's name in the definition. */
  readonly organization: string;
  /** Certificate attributes as Fabric CA writes them, e.g. `{ role: 'nurse' }`. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** NodeOU role. Default: client. */
  readonly role?: 'client' | 'admin' | 'peer' | 'orderer' | undefined;
  /** Default: a random one. */
  readonly commonName?: string | undefined;
  /** Milliseconds since 1970. Default: five minutes ago, by this machine's clock. */
  readonly notBeforeMs?: number | undefined;
  /** Default: in a day. */
  readonly notAfterMs?: number | undefined;
}

/** An identity with its private key. */
export interface IssuedIdentity {
  readonly mspId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A block that was cut by hand. */
export interface MinedBlock {
  readonly number: number;
  readonly transactions: readonly { readonly txId: string; readonly code: string }[];
}

/**
 * What developers can do to a development network and to no real one. The same in the network's own process
 * (`devnet.control`) and over its admin endpoint (`connectAdmin`).
 *
 * Every method throws ControlError, which says why and what to do, when it cannot be done.
 */
export interface DevnetControl {
  status(): Promise<DevnetStatus>;

  /**
   * Remembers the whole ledger as it is now: blocks, public and private state, history, transient store. First what is under way is
   * committed. Costs nothing by itself, and outlives the network's process.
   */
  snapshot(): Promise<LedgerSnapshot>;
  /**
   * Goes back to a snapshot. It stays, so that every test can go back to it; later ones go. Transactions that are in no block
   * yet are forgotten; event streams end with UNAVAILABLE.
   */
  revert(id: number): Promise<void>;
  releaseSnapshot(id: number): Promise<void>;

  /** Writes the whole ledger, without snapshots, to a file that only its owner reads. */
  dump(file: string): Promise<void>;
  /** Replaces the ledger by a dump of the same network (the same certificate authorities), which is checked completely first. */
  load(file: string): Promise<void>;
  /** Reads every block and checks the chain of hashes. Answers the height. */
  verify(): Promise<{ readonly height: number }>;

  setCutting(cutting: BlockCutting): Promise<void>;
  /** Cuts a block now. Answers the blocks that are committed when it is through: none when nothing waited. */
  mine(): Promise<readonly MinedBlock[]>;

  /**
   * Moves the peers' and orderers' clock, undefined: back to this machine's. It decides about proposals' times and about
   * certificates' expiry, not about blockToLive (that counts blocks), nor about the time a contract sees (the client's).
   */
  setTime(timeMs: number | undefined): Promise<DevnetClock>;

  addFault(fault: Fault): Promise<ListedFault>;
  /** One, or all. Answers how many there were. */
  clearFaults(id?: number): Promise<number>;

  /** @param mspId a member of collections, whose peer is asked for the private values. */
  trace(txId: string, mspId?: string): Promise<TransactionTrace>;

  /** A certificate of the organization's own authority: a client with it is whoever you say. */
  issueIdentity(request: IdentityRequest): Promise<IssuedIdentity>;
}

/** Control in the network's own process, that can also hand a dump on as a stream. */
export interface StreamingControl extends DevnetControl {
  dumpStream(): Promise<Readable>;
  loadStream(from: Readable): Promise<void>;
}

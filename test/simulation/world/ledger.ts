import { StatusCode } from '@hyperledger/fabric-gateway';
import type { Committed } from '../../../chaincode/src/testing/stub-double.ts';
import {
  ADMINISTRATOR,
  type ContractCall,
  inputField,
  type Simulated,
  simulate,
} from './contract.ts';
import type { Owner, World } from './world.ts';

export const PEERS = ['HospitalMSP', 'ClinicMSP'] as const;
export type PeerName = (typeof PEERS)[number];

/** A transaction with its endorsements, as it is ordered. */
export interface Envelope {
  readonly transactionId: string;
  readonly simulated: Simulated;
}

interface Verdict {
  readonly code: number;
  readonly block: number;
}

interface Block {
  readonly number: number;
  readonly transactionId: string;
  readonly code: number;
  readonly writes: ReadonlyMap<string, Uint8Array>;
}

/** What one organization's peer has committed: a prefix of the chain. */
export class Peer implements Owner {
  readonly name: string;
  readonly alive = true;
  readonly stoppedUntilMs = 0;
  readonly state: Map<string, Committed>;
  readonly verdicts = new Map<string, Verdict>();
  readonly waiting = new Map<string, Set<() => void>>();
  /** When the last block that is on its way arrives. */
  arrivesMs = 0;
  downUntilMs = 0;

  constructor(name: string, genesis: ReadonlyMap<string, Committed>) {
    this.name = name;
    this.state = new Map(genesis);
  }

  /** Is everything here in these versions? */
  hasSame(reads: ReadonlyMap<string, number | undefined>): boolean {
    for (const [key, version] of reads) if (this.state.get(key)?.version !== version) return false;
    return true;
  }

  commit({ number, transactionId, code, writes }: Block): void {
    for (const [key, value] of writes) this.state.set(key, { value, version: number });
    // A second block with the same transaction ID does not change what is known of the first.
    if (!this.verdicts.has(transactionId))
      this.verdicts.set(transactionId, { code, block: number });
    for (const tell of this.waiting.get(transactionId) ?? []) tell();
    this.waiting.delete(transactionId);
  }
}

/** Told of every valid write. */
export type Recorded = (key: string, value: Uint8Array, before: Uint8Array | undefined) => void;

/**
 * Orderers and peers: endorsement against what a peer has committed, ordering that can be late or without a quorum, MVCC
 * and duplicate transaction IDs at commit, blocks that reach each peer in order but not at once.
 */
export class Ledger {
  readonly peers: Readonly<Record<PeerName, Peer>>;
  readonly #world: World;
  readonly #state: Map<string, Committed>;
  readonly #recorded: Recorded;
  readonly #seen = new Set<string>();
  #height = 0;
  #changes = 0;
  #ordered = 0;
  /** Unix milliseconds until which the orderers have no leader. */
  noQuorumUntilMs = 0;

  constructor(world: World, genesis: ReadonlyMap<string, Committed>, recorded: Recorded) {
    this.#world = world;
    this.#state = new Map(genesis);
    this.#recorded = recorded;
    this.peers = {
      HospitalMSP: new Peer('peer0.hospital', genesis),
      ClinicMSP: new Peer('peer0.clinic', genesis),
    };
  }

  /** Is nothing ordered that is not in a block yet? */
  get isIdle(): boolean {
    return this.#ordered === 0;
  }

  /** The orderers have it: it comes into a block, sooner or later. */
  order(envelope: Envelope): void {
    const { choices } = this.#world;
    const late = choices.fault('late_commit', 'orderer');
    const ms = late
      ? choices.pick('late', [2_000, 6_000, 20_000, 60_000])
      : choices.pick('block', [20, 100, 200]);
    this.#ordered += 1;
    this.#world.after(ms, `block with ${short(envelope.transactionId)}`, () => {
      this.#ordered -= 1;
      this.#commit(envelope);
    });
  }

  /** An administrator changes something; it is in the next block. */
  async administrate(name: string, input: object): Promise<void> {
    this.#changes += 1;
    const call: ContractCall = {
      name,
      transactionId: `administration ${this.#changes}`,
      identity: ADMINISTRATOR,
      atMs: this.#world.nowMs,
      transient: inputField(input),
    };
    const simulated = await simulate(this.#state, call);
    this.#world.note('ledger', name);
    this.#commit({ transactionId: call.transactionId, simulated });
  }

  #commit({ transactionId, simulated }: Envelope): void {
    const code = this.#validate(transactionId, simulated);
    this.#world.count(`transactions with code ${code}`);
    this.#seen.add(transactionId);
    this.#height += 1;
    const number = this.#height;
    this.#world.note('ledger', `block ${number}: ${short(transactionId)} code ${code}`);
    const writes = code === StatusCode.VALID ? simulated.writes : new Map<string, Uint8Array>();
    for (const [key, value] of writes) {
      this.#recorded(key, value, this.#state.get(key)?.value);
      this.#state.set(key, { value, version: number });
    }
    for (const name of PEERS)
      this.#deliver(this.peers[name], { number, transactionId, code, writes });
  }

  #validate(transactionId: string, { reads }: Simulated): number {
    if (this.#seen.has(transactionId)) return StatusCode.DUPLICATE_TXID;
    for (const [key, version] of reads) {
      if (this.#state.get(key)?.version !== version) return StatusCode.MVCC_READ_CONFLICT;
    }
    return StatusCode.VALID;
  }

  #deliver(peer: Peer, block: Block): void {
    const { choices, nowMs } = this.#world;
    const lag = choices.fault('peer_lag', peer.name);
    const ms = lag
      ? choices.pick('lag', [300, 1_500, 5_000])
      : choices.pick('delivery', [1, 5, 40]);
    // One after the other, as they stand in the chain.
    peer.arrivesMs = Math.max(peer.arrivesMs + 1, nowMs + ms, peer.downUntilMs);
    this.#world.after(peer.arrivesMs - nowMs, `block ${block.number} at ${peer.name}`, () => {
      peer.commit(block);
    });
  }
}

/** Transaction IDs are long; the beginning tells them apart. */
export function short(transactionId: string): string {
  return transactionId.length === 64 ? `tx ${transactionId.slice(0, 6)}` : transactionId;
}

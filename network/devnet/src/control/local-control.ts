import type { Readable } from 'node:stream';
import { common, peer } from '@hyperledger/fabric-protos';
import type { NetworkDefinition } from '../../../definition/src/index.ts';
import {
  type CommitResult,
  type DevelopmentLedger,
  LedgerError,
  type LedgerSnapshot,
} from '../ledger/types.ts';
import type { BlockCutting } from '../orderer/block-cutting.ts';
import type { ChainEnd } from '../orderer/block-writer.ts';
import type { Orderer } from '../orderer/orderer.ts';
import type { CallGate } from './call-gate.ts';
import type { PeerClock } from './clock.ts';
import type {
  DevnetClock,
  DevnetStatus,
  IdentityRequest,
  IssuedIdentity,
  MinedBlock,
  StreamingControl,
} from './control.ts';
import { readDump, writeDump } from './dump-file.ts';
import { ControlError } from './errors.ts';
import type { Fault, ListedFault } from './fault-types.ts';
import type { Faults } from './faults.ts';
import { sameAuthorities } from './genesis.ts';
import { issueIdentity } from './identities.ts';
import type { Tracer } from './trace.ts';
import type { TransactionTrace } from './trace-types.ts';

/** What runs may take so long; then whoever wants the ledger alone is refused. */
const DRAIN_MS = 5_000;
const CODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(peer.TxValidationCode).map(([name, code]) => [code, name]),
);

export interface LocalControlOptions {
  readonly definition: NetworkDefinition;
  readonly keysDir: string;
  readonly ledger: DevelopmentLedger;
  readonly orderer: Orderer;
  readonly gate: CallGate;
  readonly clock: PeerClock;
  readonly faults: Faults;
  readonly tracer: Tracer;
}

function minedBlock({ number, transactions }: CommitResult): MinedBlock {
  return {
    number,
    transactions: transactions.map(({ txId, code }) => ({
      txId,
      code: CODE_NAMES.get(code) ?? String(code),
    })),
  };
}

/** A refusal of the ledger says enough for developers, too. */
async function explained<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const text = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
    throw new ControlError(text, { cause: error });
  }
}

/** The developers' control of a network in this process. */
export class LocalControl implements StreamingControl {
  readonly #options: LocalControlOptions;

  constructor(options: LocalControlOptions) {
    this.#options = options;
  }

  status(): Promise<DevnetStatus> {
    const { ledger, orderer, faults } = this.#options;
    return Promise.resolve({
      channel: ledger.channel,
      height: ledger.height,
      pending: orderer.pendingCount,
      cutting: orderer.cutting,
      clock: this.#clock(),
      snapshots: ledger.snapshots(),
      faults: faults.list(),
    });
  }

  snapshot(): Promise<LedgerSnapshot> {
    return this.#alone(async () => {
      await this.#drainOrderer();
      return this.#options.ledger.snapshot();
    });
  }

  revert(id: number): Promise<void> {
    return this.#alone(() => this.#change((ledger) => ledger.revert(id)));
  }

  releaseSnapshot(id: number): Promise<void> {
    return this.#alone(() => this.#options.ledger.releaseSnapshot(id));
  }

  async dump(file: string): Promise<void> {
    await writeDump(await this.dumpStream(), file);
  }

  async load(file: string): Promise<void> {
    await this.loadStream(await readDump(file));
  }

  /** Everything that was accepted is committed first, unless blocks are cut by hand. */
  dumpStream(): Promise<Readable> {
    return this.#alone(async () => {
      await this.#drainOrderer();
      return this.#options.ledger.dump();
    });
  }

  loadStream(from: Readable): Promise<void> {
    return this.#alone(async () => {
      const own = await this.#options.ledger.block(0);
      const refuse = (genesis: common.Block): string | undefined =>
        own === undefined || sameAuthorities(own, genesis)
          ? undefined
          : "the dump is of a network with other organizations or certificate authorities: load it where that network's folder of keys is";
      await this.#change((ledger) => ledger.load(from, refuse));
    });
  }

  verify(): Promise<{ readonly height: number }> {
    return explained(async () => ({ height: await this.#options.ledger.verifyChain() }));
  }

  setCutting(cutting: BlockCutting): Promise<void> {
    this.#options.orderer.setCutting(cutting);
    return Promise.resolve();
  }

  async mine(): Promise<readonly MinedBlock[]> {
    const { ledger, orderer } = this.#options;
    const mined: MinedBlock[] = [];
    const stop = ledger.onCommit((commit) => {
      mined.push(minedBlock(commit));
    });
    try {
      orderer.cut();
      await orderer.settled();
    } finally {
      stop();
    }
    return mined;
  }

  setTime(timeMs: number | undefined): Promise<DevnetClock> {
    const { clock } = this.#options;
    if (timeMs === undefined) clock.reset();
    else clock.set(timeMs);
    return Promise.resolve(this.#clock());
  }

  async addFault(fault: Fault): Promise<ListedFault> {
    return Promise.resolve(this.#options.faults.add(fault));
  }

  clearFaults(id?: number): Promise<number> {
    return Promise.resolve(this.#options.faults.clear(id));
  }

  trace(txId: string, mspId?: string): Promise<TransactionTrace> {
    return this.#options.tracer.trace(txId, mspId);
  }

  issueIdentity(request: IdentityRequest): Promise<IssuedIdentity> {
    const { definition, keysDir } = this.#options;
    return issueIdentity(definition, keysDir, request);
  }

  #clock(): DevnetClock {
    const { clock } = this.#options;
    return { timeMs: clock.now(), offsetMs: clock.offsetMs };
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    return explained(() => this.#options.gate.alone(DRAIN_MS, work));
  }

  /** @throws ControlError when transactions wait for a block that is not cut by itself. */
  async #drainOrderer(): Promise<void> {
    const { orderer } = this.#options;
    const { mode } = orderer.cutting;
    if (mode === 'timer' || mode === 'auto') orderer.cut();
    await orderer.settled();
    if (orderer.pendingCount === 0) return;
    throw new ControlError(
      `${orderer.pendingCount} transactions are accepted and in no block yet. Cut a block (mine), or wait for those that a fault delays, then ask again.`,
    );
  }

  /** Makes the ledger another one, and lets the orderer go on from its end. */
  async #change(change: (ledger: DevelopmentLedger) => Promise<void>): Promise<void> {
    const { ledger, orderer } = this.#options;
    await orderer.restart(async (): Promise<ChainEnd> => {
      await change(ledger);
      orderer.discardPending();
      return { height: ledger.height, lastHash: ledger.lastHash };
    });
  }
}

import type { Readable } from 'node:stream';
import { common, peer } from '@hyperledger/fabric-protos';
import type { NetworkDefinition } from '../../../definition/src/index.ts';
import type { Channel } from '../channel/channel.ts';
import {
  type CommitResult,
  type DevelopmentLedger,
  LedgerError,
  type LedgerSnapshot,
} from '../ledger/types.ts';
import type { BlockCutting } from '../orderer/block-cutting.ts';
import type { ChainEnd } from '../orderer/block-writer.ts';
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

/** What the control touches of a channel. */
export type ControlledChannel = Pick<Channel, 'name' | 'ledger' | 'orderer'>;

export interface LocalControlOptions {
  readonly definition: NetworkDefinition;
  readonly keysDir: string;
  /** The definition's first. */
  readonly channels: readonly [ControlledChannel, ...ControlledChannel[]];
  readonly gate: CallGate;
  readonly clock: PeerClock;
  readonly faults: Faults;
  /** One for each channel. */
  readonly tracers: readonly Tracer[];
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
    const { channels, faults } = this.#options;
    const [{ ledger, orderer }] = channels;
    return Promise.resolve({
      channel: ledger.channel,
      height: ledger.height,
      pending: orderer.pendingCount,
      channels: channels.map((one) => ({
        channel: one.name,
        height: one.ledger.height,
        pending: one.orderer.pendingCount,
      })),
      cutting: orderer.cutting,
      clock: this.#clock(),
      snapshots: ledger.snapshots(),
      faults: faults.list(),
    });
  }

  snapshot(): Promise<LedgerSnapshot> {
    return this.#alone(async () => {
      await this.#drainOrderers();
      // The same number everywhere: whoever goes back goes back with all channels.
      const { channels } = this.#options;
      const last = channels.map(({ ledger }) => ledger.snapshots().at(-1)?.id ?? 0);
      const least = Math.max(...last) + 1;
      const made = await Promise.all(channels.map(({ ledger }) => ledger.snapshot(least)));
      return made[0] ?? { id: least, height: 0, atMs: 0 };
    });
  }

  revert(id: number): Promise<void> {
    return this.#alone(async () => {
      const { channels } = this.#options;
      const [first, ...others] = channels;
      const without = others.find(({ ledger }) => !ledger.snapshots().some((s) => s.id === id));
      const isKnown = first.ledger.snapshots().some((s) => s.id === id);
      if (isKnown && without !== undefined) {
        throw new ControlError(
          `Snapshot ${id} was made before the channel "${without.name}". Revert to a later one, or make one now.`,
        );
      }
      for (const channel of channels) {
        await change(channel, (ledger) => ledger.revert(id));
      }
    });
  }

  releaseSnapshot(id: number): Promise<void> {
    return this.#alone(async () => {
      const [first, ...others] = this.#options.channels;
      await first.ledger.releaseSnapshot(id);
      for (const { ledger } of others) {
        if (ledger.snapshots().some((snapshot) => snapshot.id === id)) {
          await ledger.releaseSnapshot(id);
        }
      }
    });
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
      const { ledger } = this.#only('dump');
      await this.#drainOrderers();
      return ledger.dump();
    });
  }

  loadStream(from: Readable): Promise<void> {
    return this.#alone(async () => {
      const channel = this.#only('load');
      const own = await channel.ledger.block(0);
      const refuse = (genesis: common.Block): string | undefined =>
        own === undefined || sameAuthorities(own, genesis)
          ? undefined
          : "the dump is of a network with other organizations or certificate authorities: load it where that network's folder of keys is";
      await change(channel, (ledger) => ledger.load(from, refuse));
    });
  }

  verify(): Promise<{ readonly height: number }> {
    return explained(async () => {
      const [first, ...others] = this.#options.channels;
      for (const { ledger } of others) await ledger.verifyChain();
      return { height: await first.ledger.verifyChain() };
    });
  }

  setCutting(cutting: BlockCutting): Promise<void> {
    for (const { orderer } of this.#options.channels) orderer.setCutting(cutting);
    return Promise.resolve();
  }

  async mine(): Promise<readonly MinedBlock[]> {
    const mined: MinedBlock[] = [];
    for (const channel of this.#options.channels) mined.push(...(await mine(channel)));
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
    const { channels, tracers } = this.#options;
    const at = channels.findIndex(({ ledger }) => ledger.hasTransaction(txId));
    const tracer = tracers[at] ?? tracers[0];
    if (tracer === undefined) throw new ControlError('There is no channel.');
    return tracer.trace(txId, mspId);
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
  async #drainOrderers(): Promise<void> {
    for (const { orderer } of this.#options.channels) {
      const { mode } = orderer.cutting;
      if (mode === 'timer' || mode === 'auto') orderer.cut();
      await orderer.settled();
      if (orderer.pendingCount === 0) continue;
      throw new ControlError(
        `${orderer.pendingCount} transactions are accepted and in no block yet. Cut a block (mine), or wait for those that a fault delays, then ask again.`,
      );
    }
  }

  /** @throws ControlError when there are several channels: a dump is of one ledger. */
  #only(what: string): ControlledChannel {
    const [first, ...others] = this.#options.channels;
    if (others.length === 0) return first;
    throw new ControlError(
      `${what} is for networks of one channel; this one has ${others.length + 1}. Stop the network and copy its data folder instead.`,
    );
  }
}

/** Makes a ledger another one, and lets the orderer go on from its end. */
async function change(
  { ledger, orderer }: ControlledChannel,
  work: (ledger: DevelopmentLedger) => Promise<void>,
): Promise<void> {
  await orderer.restart(async (): Promise<ChainEnd> => {
    await work(ledger);
    orderer.discardPending();
    return { height: ledger.height, lastHash: ledger.lastHash };
  });
}

async function mine({ ledger, orderer }: ControlledChannel): Promise<readonly MinedBlock[]> {
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

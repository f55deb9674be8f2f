import { common } from '@hyperledger/fabric-protos';
import type { Signer } from '../msp/signer.ts';
import { BlockCutter, type Message } from './block-cutter.ts';
import { type BlockCutting, batchSize } from './block-cutting.ts';
import { BlockWriter, type ChainEnd } from './block-writer.ts';
import { type BroadcastRules, type Refusal, refuseBroadcast } from './broadcast-filters.ts';

/** Messages accepted and not committed yet; beyond that the orderer refuses until it has caught up. */
const MAX_UNCOMMITTED_MESSAGES = 20_000;
/** The same in bytes: a limit of what this process keeps in memory. */
const MAX_UNCOMMITTED_BYTES = 256 * 1024 * 1024;

/** What is done to an accepted message on purpose: it is forgotten, or ordered later. */
export type OrderingFault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly ms: number };

export interface OrdererOptions {
  readonly signer: Signer;
  readonly rules: BroadcastRules;
  readonly maxMessageCount: number;
  readonly preferredMaxBytes: number;
  readonly batchTimeoutMs: number;
  readonly end: ChainEnd;
  /** Delivers a block to the peers; resolves when it is durable there. */
  readonly deliver: (block: common.Block) => Promise<unknown>;
  /** A block could not be delivered: this chain has ended. */
  readonly onFailure: (error: unknown) => void;
  readonly now: () => number;
  readonly faultOf?: ((envelope: common.Envelope) => OrderingFault | undefined) | undefined;
}

/** The ordering service: one process, no consensus. Cuts blocks by size and time and delivers them in order. */
export class Orderer {
  readonly #options: OrdererOptions;
  readonly #cutter: BlockCutter;
  #writer: BlockWriter;
  #cutting: BlockCutting;
  #timer: NodeJS.Timeout | undefined;
  #delivered: Promise<unknown> = Promise.resolve();
  readonly #delayed = new Map<NodeJS.Timeout, Uint8Array>();
  /** Batches that are complete while the chain's end is being changed. */
  #held: (readonly Message[])[] | undefined;
  #uncommittedMessages = 0;
  #uncommittedBytes = 0;
  #hasEnded = false;
  #hasFailed = false;

  constructor(options: OrdererOptions) {
    this.#options = options;
    this.#cutting = { mode: 'timer', ms: options.batchTimeoutMs };
    this.#cutter = new BlockCutter(options);
    this.#writer = new BlockWriter(options.signer, options.end);
  }

  get cutting(): BlockCutting {
    return this.#cutting;
  }

  /** Transactions that are in no block yet. */
  get pendingCount(): number {
    return this.#cutter.pendingCount + this.#delayed.size;
  }

  /** Orders an envelope, or says why not. */
  broadcast(envelope: common.Envelope): Refusal | undefined {
    const { rules, now, faultOf } = this.#options;
    const refusal = refuseBroadcast(envelope, rules, now()) ?? this.#refuseLoad();
    if (refusal !== undefined) return refusal;
    const fault = faultOf?.(envelope);
    if (fault?.kind === 'drop') return undefined;
    const message = envelope.serializeBinary();
    this.#uncommittedMessages += 1;
    this.#uncommittedBytes += message.length;
    if (fault?.kind === 'delay') this.#delay(message, fault.ms);
    else this.#order(message);
    return undefined;
  }

  /** From now on. A batch that has begun is cut, unless blocks are cut only by hand. */
  setCutting(cutting: BlockCutting): void {
    this.#cutting = cutting;
    this.#cutter.resize(batchSize(cutting, this.#options));
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (cutting.mode === 'manual') return;
    this.cut();
  }

  /** Ends the batch under way at once. */
  cut(): void {
    for (const batch of this.#cutter.cut()) this.#deliver(batch);
    this.#updateTimer();
  }

  /** Resolves when every block that was cut is with the peers. */
  async settled(): Promise<void> {
    await this.#delivered;
  }

  /** Forgets what is in no block yet. Answers how many transactions that were. */
  discardPending(): number {
    const pending = [
      ...this.#cutter
        .cut()
        .flat()
        .map((m) => m.envelope),
      ...this.#delayed.values(),
    ];
    for (const timer of this.#delayed.keys()) clearTimeout(timer);
    this.#delayed.clear();
    this.#updateTimer();
    this.#settle(pending);
    return pending.length;
  }

  /** Goes on at another end of the chain, which `change` makes when no block is under way. Messages are taken meanwhile. */
  async restart(change: () => Promise<ChainEnd>): Promise<void> {
    this.#held = [];
    try {
      await this.#delivered;
      this.#writer = new BlockWriter(this.#options.signer, await change());
    } finally {
      const held = this.#held;
      this.#held = undefined;
      for (const batch of held) this.#deliver(batch);
    }
  }

  /** Takes nothing more, and waits until everything it took is delivered. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    for (const [timer, message] of this.#delayed) {
      clearTimeout(timer);
      this.#order(message);
    }
    this.#delayed.clear();
    this.cut();
    await this.#delivered;
  }

  #refuseLoad(): Refusal | undefined {
    const status = common.Status.SERVICE_UNAVAILABLE;
    if (this.#hasEnded) return { status, info: 'the chain has been halted' };
    const isFull =
      this.#uncommittedMessages >= MAX_UNCOMMITTED_MESSAGES ||
      this.#uncommittedBytes >= MAX_UNCOMMITTED_BYTES;
    return isFull ? { status, info: 'too many messages are waiting to be ordered' } : undefined;
  }

  #order(envelope: Uint8Array): void {
    for (const batch of this.#cutter.order({ envelope })) this.#deliver(batch);
    this.#updateTimer();
  }

  #delay(message: Uint8Array, ms: number): void {
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      this.#order(message);
    }, ms);
    this.#delayed.set(timer, message);
  }

  /** The timer runs while a batch waits; it starts with the batch's first message. */
  #updateTimer(): void {
    if (!this.#cutter.hasPending) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    if (this.#cutting.mode !== 'timer') return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.cut();
    }, this.#cutting.ms);
  }

  #deliver(batch: readonly Message[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held !== undefined) {
      this.#held.push(batch);
      return;
    }
    const envelopes = batch.map((m) => m.envelope);
    const block = this.#writer.next(envelopes);
    this.#delivered = this.#delivered.then(async () => {
      if (this.#hasFailed) return;
      try {
        await this.#options.deliver(block);
        this.#settle(envelopes);
      } catch (error) {
        this.#hasFailed = true;
        this.#hasEnded = true;
        this.#options.onFailure(error);
      }
    });
  }

  #settle(envelopes: readonly Uint8Array[]): void {
    this.#uncommittedMessages -= envelopes.length;
    this.#uncommittedBytes -= envelopes.reduce((total, { length }) => total + length, 0);
  }
}

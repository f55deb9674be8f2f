import { common } from '@hyperledger/fabric-protos';
import type { Signer } from '../msp/signer.ts';
import { BlockCutter } from './block-cutter.ts';
import { BlockWriter, type ChainEnd } from './block-writer.ts';
import { type BroadcastRules, type Refusal, refuseBroadcast } from './broadcast-filters.ts';

/** Messages accepted and not committed yet; beyond that the orderer refuses until it has caught up. */
const MAX_UNCOMMITTED_MESSAGES = 20_000;
/** The same in bytes: a limit of what this process keeps in memory. */
const MAX_UNCOMMITTED_BYTES = 256 * 1024 * 1024;

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
}

/** The ordering service: one process, no consensus. Cuts blocks by size and time and delivers them in order. */
export class Orderer {
  readonly #options: OrdererOptions;
  readonly #cutter: BlockCutter;
  readonly #writer: BlockWriter;
  #timer: NodeJS.Timeout | undefined;
  #delivered: Promise<unknown> = Promise.resolve();
  #uncommittedMessages = 0;
  #uncommittedBytes = 0;
  #hasEnded = false;

  constructor(options: OrdererOptions) {
    this.#options = options;
    this.#cutter = new BlockCutter(options);
    this.#writer = new BlockWriter(options.signer, options.end);
  }

  /** Orders an envelope, or says why not. */
  broadcast(envelope: common.Envelope): Refusal | undefined {
    const { rules, now } = this.#options;
    const refusal = refuseBroadcast(envelope, rules, now()) ?? this.#refuseLoad();
    if (refusal !== undefined) return refusal;
    const message = envelope.serializeBinary();
    this.#uncommittedMessages += 1;
    this.#uncommittedBytes += message.length;
    for (const batch of this.#cutter.order({ envelope: message })) {
      this.#deliver(batch.map((m) => m.envelope));
    }
    this.#updateTimer();
    return undefined;
  }

  /** Ends the batch under way at once. */
  cut(): void {
    for (const batch of this.#cutter.cut()) this.#deliver(batch.map((m) => m.envelope));
    this.#updateTimer();
  }

  /** Takes nothing more, and waits until everything it took is delivered. */
  async close(): Promise<void> {
    this.#hasEnded = true;
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

  /** The timer runs while a batch waits; it starts with the batch's first message. */
  #updateTimer(): void {
    if (!this.#cutter.hasPending) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.cut();
    }, this.#options.batchTimeoutMs);
  }

  #deliver(envelopes: readonly Uint8Array[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const block = this.#writer.next(envelopes);
    const size = envelopes.reduce((total, envelope) => total + envelope.length, 0);
    this.#delivered = this.#delivered.then(async () => {
      if (this.#hasFailed) return;
      try {
        await this.#options.deliver(block);
        this.#uncommittedMessages -= envelopes.length;
        this.#uncommittedBytes -= size;
      } catch (error) {
        this.#hasFailed = true;
        this.#hasEnded = true;
        this.#options.onFailure(error);
      }
    });
  }

  #hasFailed = false;
}

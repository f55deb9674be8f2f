import {
  Acknowledgement,
  acknowledgementTopic,
  type Clock,
  chunkPublishTopic,
  commandTopic,
  SYSTEM_CLOCK,
  WatchCommand,
} from '@pulseledger/domain';
import type { z } from 'zod';
import type { Prng } from '../prng.ts';
import { Link, type LinkListener, type LinkOptions, type Transport } from './link.ts';
import type { Outbox, PendingChunk } from './outbox.ts';

/** Chunks of one device on their way at once. */
export const MAX_CHUNKS_ON_THE_WAY = 64;
/** Least first wait for the ledger's acknowledgement before a chunk is sent again; doubled each time. */
const ACKNOWLEDGEMENT_FIRST_MS = 30_000;
/** The first wait is so many times as long as acknowledgements take at present, */
const WAIT_OVER_LATENCY = 3;
/** of which the latest one counts for so much. */
const LATENCY_WEIGHT = 0.2;
const ACKNOWLEDGEMENT_LONGEST_MS = 600_000;
/** Chunks of one answer that are taken out of the outbox at a time. */
const ANSWERED_AT_ONCE = 100;
/** Longest message we look at on the own topics. */
const MAX_MESSAGE_BYTES = 8_192;
/** A watch command holds at most this long; whoever watches renews it. */
const MAX_WATCH_MS = 3_600_000;

interface OnTheWay {
  readonly chunk: PendingChunk;
  attempts: number;
  /** When the broker first took it over; undefined before that. */
  takenAtMs: number | undefined;
  /** Machine's clock; Infinity while the broker has not taken it over. */
  sendAgainAtMs: number;
}

/** What became of a chunk, by the ledger's word. */
export interface Answer {
  readonly chunk: PendingChunk;
  readonly acknowledgement: Acknowledgement;
  readonly atMs: number;
}

/** One delivery of a chunk to the broker. */
export interface Delivery {
  readonly chunk: PendingChunk;
  readonly attempt: number;
  readonly again: boolean;
  readonly atMs: number;
}

/** Where a publisher connects, and by what when not by a link of its own. */
export interface PublisherLink extends LinkOptions {
  readonly transport?: (listener: LinkListener) => Transport;
}

/** What the publisher tells its device. */
export interface PublisherListener {
  readonly connected?: () => void;
  /** The broker has taken a chunk over; `again` when it had before. */
  readonly published: (delivery: Delivery) => void;
  /** The ledger has answered; the chunk is out of the outbox. */
  readonly answered: (answer: Answer) => void;
  /** Somebody entitled watches until then (machine's clock). */
  readonly watched?: (untilMs: number) => void;
}

function parseMessage<T>(schema: z.ZodType<T>, payload: Uint8Array): T | undefined {
  if (payload.byteLength > MAX_MESSAGE_BYTES) return undefined;
  try {
    const result = schema.safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Brings the chunks of one device's outbox to the ledger: sends them with QoS 1, oldest first, a
 * bounded number at once; sends again what the broker or the ledger has not answered; takes a chunk
 * out of the outbox only when the ledger has answered for it (committed or quarantined).
 */
export class Publisher {
  readonly #deviceId: string;
  readonly #outbox: Outbox;
  readonly #listener: PublisherListener;
  readonly #random: Prng;
  readonly #clock: Clock;
  readonly #link: Transport;
  readonly #onTheWay = new Map<string, OnTheWay>();
  /** From taken over to acknowledged, smoothed. */
  #latencyMs = 0;
  /** Everything up to here is on the way or answered. */
  #cursor = { boot: -1, firstSequence: -1 };

  constructor(outbox: Outbox, link: PublisherLink, listener: PublisherListener) {
    this.#deviceId = link.deviceId;
    this.#outbox = outbox;
    this.#listener = listener;
    this.#random = link.random;
    this.#clock = link.clock ?? SYSTEM_CLOCK;
    const own = (heard: LinkListener): Transport => new Link(link, heard);
    this.#link = (link.transport ?? own)({
      connected: () => {
        this.#listener.connected?.();
        this.#sendAll();
      },
      disconnected: () => undefined,
      message: (topic, payload) => {
        this.#receive(topic, payload);
      },
    });
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get reconnects(): number {
    return this.#link.reconnects;
  }

  open(): void {
    this.#link.open();
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  /** Send what is new in the outbox, as far as the limit allows. */
  pump(): void {
    if (!this.#link.connected) return;
    const room = MAX_CHUNKS_ON_THE_WAY - this.#onTheWay.size;
    if (room <= 0) return;
    for (const chunk of this.#outbox.pendingAfter(this.#deviceId, this.#cursor, room)) {
      this.#cursor = { boot: chunk.boot, firstSequence: chunk.firstSequence };
      const sendAgainAtMs = Number.POSITIVE_INFINITY;
      const entry: OnTheWay = { chunk, attempts: 0, takenAtMs: undefined, sendAgainAtMs };
      this.#onTheWay.set(keyOf(chunk), entry);
      this.#send(entry);
    }
  }

  /** Send again what has waited too long for the ledger. Call now and then. */
  sendOverdue(nowMs: number = this.#clock.now()): void {
    if (!this.#link.connected) return;
    for (const entry of this.#onTheWay.values()) {
      if (entry.sendAgainAtMs <= nowMs) this.#send(entry);
    }
  }

  /** After a new connection: the broker may never have seen what was on the way. */
  #sendAll(): void {
    for (const entry of this.#onTheWay.values()) this.#send(entry);
    this.pump();
  }

  #send(entry: OnTheWay): void {
    entry.attempts += 1;
    entry.sendAgainAtMs = Number.POSITIVE_INFINITY;
    const attempt = entry.attempts;
    this.#link.publish(chunkPublishTopic(this.#deviceId), entry.chunk.bytes).then(
      () => {
        const nowMs = this.#clock.now();
        entry.sendAgainAtMs = nowMs + this.#waitMs(attempt) * this.#random.between(0.8, 1.2);
        const again = entry.takenAtMs !== undefined;
        entry.takenAtMs ??= nowMs;
        this.#listener.published({ chunk: entry.chunk, attempt, again, atMs: nowMs });
      },
      () => {
        // Lost with the connection: everything on the way is sent again after the next one.
        // Refused although connected (e.g. the client is busy closing): the same, a little later.
        entry.sendAgainAtMs = this.#clock.now() + 1_000;
      },
    );
  }

  /**
   * What has been taken over is durable, so sending it again only helps when the answer was lost. When the ledger is behind,
   * a fixed wait would make every device send everything once more and put it further behind.
   */
  #waitMs(attempt: number): number {
    const firstMs = Math.max(ACKNOWLEDGEMENT_FIRST_MS, WAIT_OVER_LATENCY * this.#latencyMs);
    return Math.min(ACKNOWLEDGEMENT_LONGEST_MS, firstMs * 2 ** (attempt - 1));
  }

  #learnLatency(takenAtMs: number | undefined): void {
    if (takenAtMs === undefined) return;
    const latestMs = this.#clock.now() - takenAtMs;
    this.#latencyMs += LATENCY_WEIGHT * (latestMs - this.#latencyMs);
  }

  #receive(topic: string, payload: Uint8Array): void {
    if (topic === acknowledgementTopic(this.#deviceId)) {
      const acknowledgement = parseMessage(Acknowledgement, payload);
      if (acknowledgement !== undefined) this.#answered(acknowledgement);
    } else if (topic === commandTopic(this.#deviceId)) {
      const command = parseMessage(WatchCommand, payload);
      if (command !== undefined) {
        this.#listener.watched?.(Math.min(command.watchUntilMs, this.#clock.now() + MAX_WATCH_MS));
      }
    }
  }

  #answered(acknowledgement: Acknowledgement): void {
    const { boot, firstSequence, count, status } = acknowledgement;
    for (const chunk of this.#within(boot, firstSequence, firstSequence + count)) {
      // What is kept for good is told of one chunk, and only of exactly that one.
      if (status === 'quarantined' && chunk.count !== count) continue;
      this.#forget(chunk, acknowledgement);
    }
    this.pump();
  }

  #forget(chunk: PendingChunk, acknowledgement: Acknowledgement): void {
    const { boot, firstSequence, count } = chunk;
    const key = keyOf(chunk);
    this.#outbox.remove({ deviceId: this.#deviceId, boot, firstSequence });
    this.#learnLatency(this.#onTheWay.get(key)?.takenAtMs);
    this.#onTheWay.delete(key);
    const own = { ...acknowledgement, firstSequence, count };
    this.#listener.answered({ chunk, acknowledgement: own, atMs: this.#clock.now() });
  }

  /**
   * Chunks that wait and lie wholly in a range of sequence numbers: none when all of it was answered before or is not ours. Read from
   * the outbox, because an acknowledgement may outlive the process that sent the chunk.
   */
  *#within(boot: number, firstSequence: number, end: number): Generator<PendingChunk> {
    let after = { boot, firstSequence: firstSequence - 1 };
    for (;;) {
      const some = this.#outbox.pendingAfter(this.#deviceId, after, ANSWERED_AT_ONCE);
      for (const chunk of some) {
        if (chunk.boot !== boot || chunk.firstSequence + chunk.count > end) return;
        yield chunk;
        after = { boot, firstSequence: chunk.firstSequence };
      }
      if (some.length < ANSWERED_AT_ONCE) return;
    }
  }
}

function keyOf(chunk: PendingChunk): string {
  return `${chunk.boot}/${chunk.firstSequence}`;
}

import { randomUUID } from 'node:crypto';
import { type Clock, SYSTEM_CLOCK } from '@pulseledger/domain';
import { STEADY_CLOCK } from '../../steady-clock.ts';
import type { MessageState, MessageStore } from './message-store.ts';
import { MinHeap } from './min-heap.ts';
import { QueueError } from './queue-errors.ts';
import { formatReceiptHandle, parseReceiptHandle } from './receipt-handle.ts';

/** AWS allows so many received, not yet deleted messages of a standard queue. */
const MAX_IN_FLIGHT = 120_000;
/** Longest delay and longest wait that this project uses; a clock set back must not hide messages for a day. */
const LONGEST_HIDDEN_MS = 15 * 60_000;
/** A queue that nobody empties must not fill the disk of a laptop. */
const MAX_QUEUE_BYTES = 2 * 1024 ** 3;
const MAX_QUEUE_MESSAGES = 1_000_000;

export interface QueueSettings {
  readonly name: string;
  /** How long a received message stays hidden unless its receiver asks otherwise. */
  readonly visibilityTimeoutMs: number;
  /** Older messages are dropped, counted from when they were sent. */
  readonly retentionMs: number;
  /** After so many receives without a delete the next one moves the message to `deadLetterQueue`. */
  readonly maxReceiveCount?: number;
  readonly deadLetterQueue?: string;
  readonly maxBytes?: number;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilityTimeoutMs?: number;
  /** Long poll: how long to wait for a first message. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly firstReceivedAtMs: number;
  readonly receiveCount: number;
  /** The queue that gave this message up, if it is in a dead-letter queue. */
  readonly sourceQueue: string | null;
}

export interface QueueCounts {
  readonly available: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** What a queue gets its time and its names from. */
export interface QueueEnvironment {
  readonly clock: Clock;
  /** One that nobody sets, from any moment on; `clock` when left out. */
  readonly steadyClock?: Clock;
  /** A name that was never used before, for a message or for one receive of it. */
  readonly newId: () => string;
  /** Told when the disk has refused a write; nothing can be written until the database is opened anew. */
  readonly writeFailed?: (reason: Error) => void;
}

export const SYSTEM_ENVIRONMENT: QueueEnvironment = {
  clock: SYSTEM_CLOCK,
  steadyClock: STEADY_CLOCK,
  newId: randomUUID,
};

interface Entry {
  readonly sequence: number;
  state: MessageState;
  /** By the steady clock; the state says it by the clock on the wall, for the next process. */
  hiddenUntilMs: number;
}

/**
 * A standard queue with SQS semantics: at least once, no order promised, received messages hidden
 * for a time and delivered again unless deleted.
 */
export class DurableQueue {
  readonly settings: QueueSettings;
  readonly #store: MessageStore;
  readonly #environment: QueueEnvironment;
  readonly #entries = new Map<number, Entry>();
  /** Insertion order is delivery order. */
  readonly #ready = new Map<number, Entry>();
  readonly #hidden: MinHeap<{ atMs: number; entry: Entry }> = new MinHeap(({ atMs }) => atMs);
  readonly #waiters = new Set<() => void>();
  #deadLetters: DurableQueue | undefined;
  #nextSequence = 0;
  #bytes = 0;

  /** Use `DurableQueue.open`, which also loads what is stored. */
  constructor(settings: QueueSettings, store: MessageStore, environment: QueueEnvironment) {
    this.settings = settings;
    this.#store = store;
    this.#environment = environment;
  }

  /** Opens the queue with what an earlier run left in it. */
  static async open(
    settings: QueueSettings,
    store: MessageStore,
    environment: QueueEnvironment = SYSTEM_ENVIRONMENT,
  ): Promise<DurableQueue> {
    const queue = new DurableQueue(settings, store, environment);
    for await (const { sequence, state } of store.load()) {
      queue.#nextSequence = sequence + 1;
      queue.#index(sequence, state);
    }
    return queue;
  }

  /** Names where messages go after `maxReceiveCount` receives. */
  set deadLetters(queue: DurableQueue) {
    this.#deadLetters = queue;
  }

  get counts(): QueueCounts {
    this.#reveal();
    const hidden = [...this.#entries.values()].filter((entry) => !this.#ready.has(entry.sequence));
    const delayed = hidden.filter((entry) => entry.state.nonce === '').length;
    return { available: this.#ready.size, inFlight: hidden.length - delayed, delayed };
  }

  /** How many messages there are, in whatever state. */
  get size(): number {
    return this.#entries.size;
  }

  /** Age of the oldest message in milliseconds; 0 when the queue is empty. */
  get oldestAgeMs(): number {
    const [oldest] = this.#entries.values();
    return oldest === undefined ? 0 : Math.max(0, this.#now() - oldest.state.sentAtMs);
  }

  /**
   * Resolves with the message's id once the message is on disk.
   *
   * @throws QueueError `queue_full`; any other error means that the disk refused the write.
   */
  async send(body: string, delayMs = 0): Promise<string> {
    const bytes = Buffer.byteLength(body);
    this.#reserve(bytes);
    const sequence = this.#nextSequence++;
    const now = this.#now();
    const state = {
      ...freshState(now, bytes, null),
      messageId: this.#environment.newId(),
      visibleAtMs: delayMs > 0 ? now + delayMs : 0,
    };
    try {
      await this.#store.insert(sequence, state, body);
    } catch (error) {
      this.#bytes -= bytes;
      throw error;
    }
    this.#bytes -= bytes;
    this.#index(sequence, state);
    return state.messageId;
  }

  /** Up to `max` messages, hidden from others for the visibility timeout; maybe none. */
  async receive(options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const deadline = this.#steadyNow() + (options.waitMs ?? 0);
    for (;;) {
      const messages = await this.#take(options);
      const isLate = this.#steadyNow() >= deadline;
      if (messages.length > 0 || isOver(options.signal) || isLate) return messages;
      await this.#nextChange(deadline, options.signal);
    }
  }

  /**
   * Removes a received message. A stale handle (the message was received again) changes nothing, as in SQS.
   *
   * @throws QueueError `invalid_receipt_handle`
   */
  async delete(receiptHandle: string): Promise<void> {
    const entry = this.#received(receiptHandle);
    if (entry === undefined) return;
    this.#forget(entry);
    await this.#store.remove([entry.sequence]);
  }

  /**
   * Hides a received message for another while; 0 makes it available at once.
   *
   * @throws QueueError `invalid_receipt_handle`, `not_in_flight`
   */
  async changeVisibility(receiptHandle: string, timeoutMs: number): Promise<void> {
    const entry = this.#received(receiptHandle);
    if (entry === undefined || this.#ready.has(entry.sequence)) {
      throw new QueueError('not_in_flight', 'The message is not in flight.');
    }
    this.#hide(entry, entry.state, timeoutMs);
    await this.#store.update(entry.sequence, entry.state);
  }

  /**
   * Makes what is being worked on available again, as SQS may at any time
   * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html).
   *
   * @returns how many messages that were
   */
  redeliver(): number {
    const inFlight = [...this.#entries.values()].filter(
      (entry) => entry.state.nonce !== '' && !this.#ready.has(entry.sequence),
    );
    for (const entry of inFlight) this.#ready.set(entry.sequence, entry);
    this.#wake();
    return inFlight.length;
  }

  /** Drops what is older than the retention period; returns how many messages that were. */
  async dropExpired(): Promise<number> {
    const oldest = this.#now() - this.settings.retentionMs;
    const expired = [...this.#entries.values()].filter(({ state }) => state.sentAtMs < oldest);
    for (const entry of expired) this.#forget(entry);
    if (expired.length > 0) await this.#store.remove(expired.map(({ sequence }) => sequence));
    return expired.length;
  }

  #now(): number {
    return this.#environment.clock.now();
  }

  /** What waits inside this process is measured by a clock that nobody sets. */
  #steadyNow(): number {
    return (this.#environment.steadyClock ?? this.#environment.clock).now();
  }

  #reserve(bytes: number): void {
    const limit = this.settings.maxBytes ?? MAX_QUEUE_BYTES;
    if (this.#bytes + bytes > limit || this.#entries.size >= MAX_QUEUE_MESSAGES) {
      throw new QueueError('queue_full', `The queue ${this.settings.name} is full.`);
    }
    this.#bytes += bytes;
  }

  #index(sequence: number, state: MessageState): void {
    const entry = { sequence, state, hiddenUntilMs: 0 };
    this.#entries.set(sequence, entry);
    this.#bytes += state.bytes;
    const hiddenMs = Math.min(state.visibleAtMs - this.#now(), LONGEST_HIDDEN_MS);
    if (hiddenMs > 0) this.#hide(entry, state, hiddenMs);
    else this.#ready.set(sequence, entry);
    this.#wake();
  }

  #forget(entry: Entry): void {
    if (this.#entries.delete(entry.sequence)) this.#bytes -= entry.state.bytes;
    this.#ready.delete(entry.sequence);
  }

  #hide(entry: Entry, state: MessageState, forMs: number): void {
    entry.state = { ...state, visibleAtMs: this.#now() + forMs };
    entry.hiddenUntilMs = this.#steadyNow() + forMs;
    this.#ready.delete(entry.sequence);
    this.#hidden.push({ atMs: entry.hiddenUntilMs, entry });
    this.#wake();
  }

  /** Makes messages available whose time hidden is over. */
  #reveal(): void {
    const now = this.#steadyNow();
    for (let top = this.#hidden.peek(); top !== undefined && top.atMs <= now; ) {
      this.#hidden.pop();
      const { atMs, entry } = top;
      // A message that was deleted or hidden anew in the meantime leaves its old heap entry behind.
      const current = this.#entries.get(entry.sequence) === entry && entry.hiddenUntilMs === atMs;
      if (current) this.#ready.set(entry.sequence, entry);
      top = this.#hidden.peek();
    }
  }

  async #take(options: ReceiveOptions): Promise<ReceivedMessage[]> {
    this.#reveal();
    const taken: Entry[] = [];
    const exhausted: Entry[] = [];
    const now = this.#now();
    const hiddenMs = options.visibilityTimeoutMs ?? this.settings.visibilityTimeoutMs;
    for (const entry of this.#ready.values()) {
      if (taken.length === options.max) break;
      (this.#isExhausted(entry) ? exhausted : taken).push(entry);
    }
    this.#checkInFlight(taken.length);
    // Hidden before the first await, so that no other receiver gets the same message.
    for (const entry of exhausted) this.#hide(entry, entry.state, hiddenMs);
    for (const entry of taken) {
      const nonce = this.#environment.newId();
      this.#hide(entry, { ...receivedState(entry.state, now), nonce }, hiddenMs);
    }
    // What cannot be moved now (a full disk) stays hidden and is tried again later.
    await Promise.allSettled(exhausted.map((entry) => this.#giveUp(entry)));
    return this.#readTaken(taken);
  }

  async #readTaken(taken: readonly Entry[]): Promise<ReceivedMessage[]> {
    if (taken.length === 0) return [];
    const received = taken.map(({ sequence, state }) => ({ sequence, state }));
    const bodies = await this.#store.bodies(received.map(({ sequence }) => sequence));
    for (const { sequence, state } of received) void this.#persist(sequence, state);
    return received.flatMap(({ sequence, state }, i) => {
      const body = bodies[i];
      return body === undefined ? [] : [this.#message(sequence, state, body)];
    });
  }

  /** Receive counts are kept as well as possible; a full disk must not stop deliveries. */
  async #persist(sequence: number, state: MessageState): Promise<void> {
    if (!this.#entries.has(sequence)) return;
    await this.#store.update(sequence, state).catch(() => undefined);
  }

  #message(sequence: number, state: MessageState, body: string): ReceivedMessage {
    const { messageId, sentAtMs, receiveCount, firstReceivedAtMs, sourceQueue, nonce } = state;
    const receiptHandle = formatReceiptHandle({ queue: this.settings.name, sequence, nonce });
    const first = firstReceivedAtMs ?? sentAtMs;
    return {
      messageId,
      receiptHandle,
      body,
      sentAtMs,
      firstReceivedAtMs: first,
      receiveCount,
      sourceQueue,
    };
  }

  #isExhausted(entry: Entry): boolean {
    const { maxReceiveCount } = this.settings;
    if (maxReceiveCount === undefined || this.#deadLetters === undefined) return false;
    return entry.state.receiveCount >= maxReceiveCount;
  }

  #checkInFlight(more: number): void {
    if (more > 0 && this.#entries.size - this.#ready.size + more > MAX_IN_FLIGHT) {
      throw new QueueError('too_many_in_flight', 'Too many messages are in flight.');
    }
  }

  async #giveUp(entry: Entry): Promise<void> {
    const target = this.#deadLetters;
    const [body] = await this.#store.bodies([entry.sequence]);
    if (target === undefined || body === undefined) return;
    await target.#adopt(this.#store, entry, body, this.settings.name);
    this.#forget(entry);
  }

  async #adopt(from: MessageStore, entry: Entry, body: string, source: string): Promise<void> {
    const sequence = this.#nextSequence++;
    const { messageId, sentAtMs, bytes } = entry.state;
    // The time of sending stays, as in SQS: retention goes on counting from there.
    const state = { ...freshState(sentAtMs, bytes, source), messageId };
    await from.move(entry.sequence, this.#store, sequence, state, body);
    this.#index(sequence, state);
  }

  #received(receiptHandle: string): Entry | undefined {
    const { queue, sequence, nonce } = parseReceiptHandle(receiptHandle);
    if (queue !== this.settings.name) {
      throw new QueueError('invalid_receipt_handle', 'The receipt handle is of another queue.');
    }
    const entry = this.#entries.get(sequence);
    return entry?.state.nonce === nonce ? entry : undefined;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #nextChange(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const until = Math.min(deadline, this.#hidden.peek()?.atMs ?? deadline);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      cancel();
      this.#waiters.delete(wake);
      signal?.removeEventListener('abort', wake);
      resolve(undefined);
    };
    const cancel = this.#environment.clock.after(Math.max(1, until - this.#steadyNow()), wake);
    this.#waiters.add(wake);
    signal?.addEventListener('abort', wake);
    return promise;
  }
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function freshState(
  sentAtMs: number,
  bytes: number,
  sourceQueue: string | null,
): Omit<MessageState, 'messageId'> {
  return {
    sentAtMs,
    receiveCount: 0,
    firstReceivedAtMs: null,
    visibleAtMs: 0,
    nonce: '',
    bytes,
    sourceQueue,
  };
}

function receivedState(state: MessageState, now: number): MessageState {
  return {
    ...state,
    receiveCount: state.receiveCount + 1,
    firstReceivedAtMs: state.firstReceivedAtMs ?? now,
  };
}

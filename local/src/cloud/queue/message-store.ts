import { z } from 'zod';
import type { GroupCommit, Operation, QueueDatabase } from './group-commit.ts';

/** What changes while a message waits; the body lies beside it and is written once. */
export interface MessageState {
  readonly messageId: string;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number | null;
  /** When the message can be received; 0 means at once. */
  readonly visibleAtMs: number;
  /** Identifies the latest receive; empty before the first one. */
  readonly nonce: string;
  /** Length of the body. */
  readonly bytes: number;
  /** The queue that gave the message up, in a dead-letter queue. */
  readonly sourceQueue: string | null;
}

const stateSchema: z.ZodType<MessageState> = z.strictObject({
  messageId: z.string(),
  sentAtMs: z.number(),
  receiveCount: z.int().min(0),
  firstReceivedAtMs: z.number().nullable(),
  visibleAtMs: z.number(),
  nonce: z.string(),
  bytes: z.int().min(0),
  sourceQueue: z.string().nullable(),
});

/** 13 digits keep keys in numeric order beyond any count this machine can store. */
const SEQUENCE_DIGITS = 13;

/** Where the messages of one queue lie in the database that all queues share. */
export class MessageStore {
  readonly #database: QueueDatabase;
  readonly #commit: GroupCommit;
  readonly #queue: string;

  constructor(database: QueueDatabase, commit: GroupCommit, queue: string) {
    this.#database = database;
    this.#commit = commit;
    this.#queue = queue;
  }

  /** Every stored message, oldest first. */
  async *load(): AsyncGenerator<{ sequence: number; state: MessageState }> {
    const prefix = this.#prefix('s');
    const range = { gte: prefix, lt: `${prefix}~` };
    for await (const [key, value] of this.#database.iterator(range)) {
      const parsed: unknown = JSON.parse(value);
      yield { sequence: Number(key.slice(prefix.length)), state: stateSchema.parse(parsed) };
    }
  }

  /** Bodies in the order asked for; `undefined` where a message is gone. */
  bodies(sequences: readonly number[]): Promise<(string | undefined)[]> {
    return this.#database.getMany(sequences.map((sequence) => this.#key('b', sequence)));
  }

  insertion(sequence: number, state: MessageState, body: string): Operation[] {
    return [
      { type: 'put', key: this.#key('b', sequence), value: body },
      this.#statePut(sequence, state),
    ];
  }

  removal(sequence: number): Operation[] {
    return [
      { type: 'del', key: this.#key('b', sequence) },
      { type: 'del', key: this.#key('s', sequence) },
    ];
  }

  /** Resolves when the message is on disk. */
  insert(sequence: number, state: MessageState, body: string): Promise<void> {
    return this.#commit.durably(this.insertion(sequence, state, body));
  }

  /** Losing this in a power cut only means that a message is delivered again, so no fsync. */
  update(sequence: number, state: MessageState): Promise<void> {
    return this.#commit.lazily([this.#statePut(sequence, state)]);
  }

  remove(sequences: readonly number[]): Promise<void> {
    return this.#commit.lazily(sequences.flatMap((sequence) => this.removal(sequence)));
  }

  /** One atomic write that takes a message out of this queue and puts it into another. */
  move(
    from: number,
    target: MessageStore,
    to: number,
    state: MessageState,
    body: string,
  ): Promise<void> {
    return this.#commit.durably([...this.removal(from), ...target.insertion(to, state, body)]);
  }

  #statePut(sequence: number, state: MessageState): Operation {
    return { type: 'put', key: this.#key('s', sequence), value: JSON.stringify(state) };
  }

  #prefix(kind: 'b' | 's'): string {
    return `${kind}!${this.#queue}!`;
  }

  #key(kind: 'b' | 's', sequence: number): string {
    return this.#prefix(kind) + String(sequence).padStart(SEQUENCE_DIGITS, '0');
  }
}

/** One write of a batch. */
export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** What the queues need of their database: a part of `ClassicLevel`, keys in the order of their bytes. */
export interface QueueDatabase {
  /** Applies all operations or none; with `sync` it and all before it are on disk when this resolves. */
  batch(operations: Operation[], options: { sync: boolean }): Promise<void>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, string]>;
  close(): Promise<void>;
}

/** Operations that share one write; enough for hundreds of messages, small enough to stay quick. */
const MAX_OPERATIONS_PER_WRITE = 2_000;

interface Waiting {
  readonly operations: readonly Operation[];
  readonly sync: boolean;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Writes to the database strictly in the order of the calls and lets everything that arrives while
 * a write is under way share the next one, so that many messages cost one fsync.
 *
 * The order matters: classic-level runs batches on a thread pool, where a later delete could
 * otherwise overtake an earlier put of the same key.
 */
export class GroupCommit {
  readonly #database: QueueDatabase;
  readonly #writeFailed: (reason: Error) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** @param writeFailed - told of every write that the database refuses. */
  constructor(database: QueueDatabase, writeFailed: (reason: Error) => void = () => undefined) {
    this.#database = database;
    this.#writeFailed = writeFailed;
  }

  /** Resolves when the operations are on disk (fsync), rejects when they could not be written. */
  durably(operations: readonly Operation[]): Promise<void> {
    return this.#add(operations, true);
  }

  /** Resolves when the operating system has the operations: they survive this process, not a power cut. */
  lazily(operations: readonly Operation[]): Promise<void> {
    return this.#add(operations, false);
  }

  /** Resolves when nothing is waiting to be written any more. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #add(operations: readonly Operation[], sync: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const done = (): void => {
      resolve(undefined);
    };
    this.#waiting.push({ operations, sync, resolve: done, reject });
    this.#running ??= this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeOne(this.#take());
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let count = 0;
    let operations = 0;
    for (const waiting of this.#waiting) {
      operations += waiting.operations.length;
      if (count > 0 && operations > MAX_OPERATIONS_PER_WRITE) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeOne(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#database.batch(
        group.flatMap((waiting) => waiting.operations),
        { sync: group.some((waiting) => waiting.sync) },
      );
      for (const waiting of group) waiting.resolve();
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      for (const waiting of group) waiting.reject(reason);
      this.#writeFailed(reason);
    }
  }
}

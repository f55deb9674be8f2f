import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { DurableQueue, type QueueSettings } from './durable-queue.ts';
import { GroupCommit } from './group-commit.ts';
import { MessageStore } from './message-store.ts';
import { QueueError } from './queue-errors.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const RETENTION_SWEEP_MS = 60_000;

/** The names are those of the AWS queues without their prefix. */
export const INGEST_QUEUE = 'ingest';
export const INGEST_DEAD_LETTERS = 'ingest-dlq';
export const QUARANTINE_QUEUE = 'quarantine';

/** AWS advises six times the function's time-out, and at least five receives, before giving up. */
const INGEST_VISIBILITY_MS = 180_000;
const MAX_RECEIVES = 5;

/** Same settings as the deployed queues: a dead-letter queue keeps messages longer than its source. */
const PULSE_QUEUES: readonly QueueSettings[] = [
  {
    name: INGEST_QUEUE,
    visibilityTimeoutMs: INGEST_VISIBILITY_MS,
    retentionMs: 4 * DAY_MS,
    maxReceiveCount: MAX_RECEIVES,
    deadLetterQueue: INGEST_DEAD_LETTERS,
  },
  { name: INGEST_DEAD_LETTERS, visibilityTimeoutMs: 30_000, retentionMs: 14 * DAY_MS },
  { name: QUARANTINE_QUEUE, visibilityTimeoutMs: 30_000, retentionMs: 14 * DAY_MS },
];

/** All queues of the installation, in one database. */
export class QueueSet {
  readonly #database: ClassicLevel;
  readonly #commit: GroupCommit;
  readonly #queues: ReadonlyMap<string, DurableQueue>;
  readonly #sweep: NodeJS.Timeout;

  constructor(
    database: ClassicLevel,
    commit: GroupCommit,
    queues: ReadonlyMap<string, DurableQueue>,
  ) {
    this.#database = database;
    this.#commit = commit;
    this.#queues = queues;
    this.#sweep = setInterval(() => void this.#dropExpired(), RETENTION_SWEEP_MS);
    this.#sweep.unref();
  }

  /**
   * Opens (or makes) the queues in a folder; only one process can have them open.
   *
   * @param now clock in milliseconds since 1970, for tests
   */
  static async open(
    folder: string,
    settings: readonly QueueSettings[] = PULSE_QUEUES,
    now: () => number = Date.now,
  ): Promise<QueueSet> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const database = new ClassicLevel(folder);
    await database.open();
    const commit = new GroupCommit(database);
    const queues = new Map<string, DurableQueue>();
    for (const one of settings) {
      const store = new MessageStore(database, commit, one.name);
      queues.set(one.name, await DurableQueue.open(one, store, now));
    }
    for (const { name, deadLetterQueue } of settings) {
      const [source, target] = [queues.get(name), queues.get(deadLetterQueue ?? '')];
      if (source !== undefined && target !== undefined) source.deadLetters = target;
    }
    return new QueueSet(database, commit, queues);
  }

  get names(): string[] {
    return [...this.#queues.keys()];
  }

  /** @throws QueueError `no_such_queue` */
  queue(name: string): DurableQueue {
    const found = this.#queues.get(name);
    if (found === undefined) {
      throw new QueueError('no_such_queue', 'The specified queue does not exist.');
    }
    return found;
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#commit.settled();
    await this.#database.close();
  }

  async #dropExpired(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.dropExpired().catch(() => 0);
  }
}

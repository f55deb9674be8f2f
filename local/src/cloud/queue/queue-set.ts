import { mkdir } from 'node:fs/promises';
import type { Clock } from '@pulseledger/domain';
import { ClassicLevel } from 'classic-level';
import { INGEST_MAX_RECEIVES, INGEST_VISIBILITY_MS } from '../../ingest-settings.ts';
import {
  DurableQueue,
  type QueueEnvironment,
  type QueueSettings,
  SYSTEM_ENVIRONMENT,
} from './durable-queue.ts';
import { GroupCommit, type QueueDatabase } from './group-commit.ts';
import { MessageStore } from './message-store.ts';
import { QueueError } from './queue-errors.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const RETENTION_SWEEP_MS = 60_000;

/** The names are those of the AWS queues without their prefix. */
export const INGEST_QUEUE = 'ingest';
export const INGEST_DEAD_LETTERS = 'ingest-dlq';
export const QUARANTINE_QUEUE = 'quarantine';
/** What medics read while nothing could be ordered, and is to be committed. */
export const EMERGENCY_QUEUE = 'emergency-intents';

/** Same settings as the deployed queues: a dead-letter queue keeps messages longer than its source. */
export const PULSE_QUEUES: readonly QueueSettings[] = [
  {
    name: INGEST_QUEUE,
    visibilityTimeoutMs: INGEST_VISIBILITY_MS,
    retentionMs: 4 * DAY_MS,
    maxReceiveCount: INGEST_MAX_RECEIVES,
    deadLetterQueue: INGEST_DEAD_LETTERS,
  },
  { name: INGEST_DEAD_LETTERS, visibilityTimeoutMs: 30_000, retentionMs: 14 * DAY_MS },
  { name: QUARANTINE_QUEUE, visibilityTimeoutMs: 30_000, retentionMs: 14 * DAY_MS },
  { name: EMERGENCY_QUEUE, visibilityTimeoutMs: 60_000, retentionMs: 14 * DAY_MS },
];

/** Opens (or makes) the queues' database in a folder; only one process can have it open. */
export async function openQueueDatabase(folder: string): Promise<QueueDatabase> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const database = new ClassicLevel(folder);
  await database.open();
  return database;
}

/** All queues of the installation, in one database. */
export class QueueSet {
  readonly #database: QueueDatabase;
  readonly #commit: GroupCommit;
  readonly #queues: ReadonlyMap<string, DurableQueue>;
  #cancelSweep: (() => void) | undefined;

  constructor(
    database: QueueDatabase,
    commit: GroupCommit,
    queues: ReadonlyMap<string, DurableQueue>,
  ) {
    this.#database = database;
    this.#commit = commit;
    this.#queues = queues;
  }

  /** Opens (or makes) the queues in a folder. */
  static async open(
    folder: string,
    settings: readonly QueueSettings[] = PULSE_QUEUES,
    environment: QueueEnvironment = SYSTEM_ENVIRONMENT,
  ): Promise<QueueSet> {
    return QueueSet.load(await openQueueDatabase(folder), settings, environment);
  }

  /** The queues of an open database, which is theirs from now on. */
  static async load(
    database: QueueDatabase,
    settings: readonly QueueSettings[],
    environment: QueueEnvironment,
  ): Promise<QueueSet> {
    const commit = new GroupCommit(database, environment.writeFailed);
    const queues = new Map<string, DurableQueue>();
    for (const one of settings) {
      const store = new MessageStore(database, commit, one.name);
      queues.set(one.name, await DurableQueue.open(one, store, environment));
    }
    for (const { name, deadLetterQueue } of settings) {
      const [source, target] = [queues.get(name), queues.get(deadLetterQueue ?? '')];
      if (source !== undefined && target !== undefined) source.deadLetters = target;
    }
    const set = new QueueSet(database, commit, queues);
    set.#sweepLater(environment.clock);
    return set;
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
    this.#cancelSweep?.();
    await this.#commit.settled();
    await this.#database.close();
  }

  #sweepLater(clock: Clock): void {
    this.#cancelSweep = clock.after(RETENTION_SWEEP_MS, () => {
      void this.#dropExpired();
      this.#sweepLater(clock);
    });
  }

  async #dropExpired(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.dropExpired().catch(() => 0);
  }
}

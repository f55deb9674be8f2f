import type { Operation, QueueDatabase } from '../../../local/src/cloud/queue/group-commit.ts';
import type { Process } from './machine.ts';
import type { World } from './world.ts';

/** Told of what the disk has, as soon as it has it for good or no longer. */
export interface QueueDiskListener {
  readonly durable: (key: string, value: string) => void;
  /** Everything that one batch deletes and puts, with what was there before. */
  readonly applied: (operations: readonly Operation[], before: ReadonlyMap<string, string>) => void;
}

/**
 * A LevelDB on a disk that can fail: batches are written to its log in order, and what was written after the last sync may
 * be lost with the power; a torn record at the end is left out by its checksum.
 */
export class QueueDisk {
  readonly #world: World;
  readonly #listener: QueueDiskListener;
  /** Content by what is in the log, synced or not. */
  #current = new Map<string, string>();
  #synced = new Map<string, string>();
  #unsynced: (readonly Operation[])[] = [];

  constructor(world: World, listener: QueueDiskListener) {
    this.#world = world;
    this.#listener = listener;
  }

  has(prefix: string): boolean {
    for (const key of this.#current.keys()) if (key.startsWith(prefix)) return true;
    return false;
  }

  crashed(power: boolean): void {
    const kept = power
      ? this.#world.choices.whole('batches kept', 0, this.#unsynced.length)
      : this.#unsynced.length;
    const surviving = this.#unsynced.slice(0, kept);
    for (const batch of surviving) this.#sync(batch);
    this.#unsynced = [];
    this.#current = new Map(this.#synced);
  }

  /** The database as one process has it open. */
  open(process: Process): QueueDatabase {
    const { choices } = this.#world;
    let broken = false;
    return {
      batch: async (operations, { sync }) => {
        await process.wait(choices.pick('write', [0, 0, 1]), 'disk.write');
        broken ||= choices.fault('disk_error', 'queue');
        if (broken) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        this.#apply(operations);
        if (!sync) return;
        const slow = choices.fault('slow', 'fsync');
        const last = this.#unsynced.length;
        await process.wait(slow ? 2_000 : choices.pick('fsync', [1, 4, 12]), 'disk.fsync');
        for (const batch of this.#unsynced.splice(0, last)) this.#sync(batch);
      },
      getMany: async (keys) => {
        await process.wait(0, 'disk.read');
        return keys.map((key) => this.#current.get(key));
      },
      iterator: ({ gte, lt }) => {
        const found = [...this.#current].filter(([key]) => gte <= key && key < lt);
        found.sort(([a], [b]) => (a < b ? -1 : 1));
        return iterate(found);
      },
      close: () => Promise.resolve(),
    };
  }

  #apply(operations: readonly Operation[]): void {
    this.#unsynced.push(operations);
    this.#listener.applied(operations, this.#current);
    apply(this.#current, operations);
  }

  #sync(operations: readonly Operation[]): void {
    apply(this.#synced, operations);
    for (const operation of operations) {
      if (operation.type === 'put') this.#listener.durable(operation.key, operation.value);
    }
  }
}

function apply(content: Map<string, string>, operations: readonly Operation[]): void {
  for (const operation of operations) {
    if (operation.type === 'put') content.set(operation.key, operation.value);
    else content.delete(operation.key);
  }
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  await Promise.resolve();
  yield* items;
}

import type { ClassicLevel } from 'classic-level';
import { afterPrefix, decodeNumber, encodeNumber } from './keys.ts';
import { LedgerError } from './types.ts';

type Level = ClassicLevel<Buffer, Buffer>;
type Change = readonly [key: Buffer, value: Buffer | undefined];

/** A moment that the ledger can go back to. */
export interface UndoLayer {
  readonly serial: number;
  /** What the caller wants to know of that moment. */
  readonly note: string;
}

/** Every change since the oldest snapshot is written twice; somebody who forgets to release them stops here. */
const MAX_SNAPSHOTS = 1_000;
const RECORD = Buffer.from('u');
const LAYER = Buffer.from('v');
const WAS_ABSENT = Buffer.from([0]);
const WAS_PRESENT = Buffer.from([1]);

function layerKey(serial: number): Buffer {
  return Buffer.concat([LAYER, encodeNumber(serial)]);
}

function recordPrefix(serial: number): Buffer {
  return Buffer.concat([RECORD, encodeNumber(serial)]);
}

/**
 * What it takes to go back: for each snapshot, what the keys that were changed after it held before. The records are in the
 * same database and written together with the changes, so a snapshot costs nothing, outlives a kill at any moment, and going
 * back costs what was changed since.
 */
export class UndoLog {
  readonly #level: Level;
  #layers: UndoLayer[] = [];

  constructor(level: Level) {
    this.#level = level;
  }

  static async open(level: Level): Promise<UndoLog> {
    const log = new UndoLog(level);
    const entries = await level.iterator({ gte: LAYER, lt: afterPrefix(LAYER) }).all();
    log.#layers = entries.map(([key, value]) => ({
      serial: decodeNumber(key, LAYER.length),
      note: value.toString(),
    }));
    return log;
  }

  /** Oldest first. */
  get layers(): readonly UndoLayer[] {
    return this.#layers;
  }

  /** What must be written together with the changes. */
  records(changes: readonly Change[]): Change[] {
    const current = this.#layers.at(-1);
    if (current === undefined) return [];
    const prefix = recordPrefix(current.serial);
    const records: Change[] = [];
    const seen = new Set<string>();
    for (const [key] of changes) {
      const name = key.toString('latin1');
      if (seen.has(name)) continue;
      seen.add(name);
      const at = Buffer.concat([prefix, key]);
      if (this.#level.getSync(at) !== undefined) continue;
      const held = this.#level.getSync(key);
      records.push([at, held === undefined ? WAS_ABSENT : Buffer.concat([WAS_PRESENT, held])]);
    }
    return records;
  }

  /** Begins a layer: the database as it is now can be come back to. Its number is not less than `least`. */
  async add(note: string, sync: boolean, least: number): Promise<UndoLayer> {
    if (this.#layers.length >= MAX_SNAPSHOTS) {
      throw new LedgerError(
        `there are ${MAX_SNAPSHOTS} snapshots already: revert to one, or release those that are not needed`,
      );
    }
    const next = (this.#layers.at(-1)?.serial ?? 0) + 1;
    const layer = { serial: Math.max(next, least), note };
    await this.#level.put(layerKey(layer.serial), Buffer.from(note), { sync });
    this.#layers.push(layer);
    return layer;
  }

  /** Puts everything back as it was when the layer began, in one write. The layer stays, later ones go. */
  async revert(serial: number, sync: boolean): Promise<void> {
    const at = this.#indexOf(serial);
    const batch = this.#level.batch();
    // Newest first: what an older layer says is put over it.
    for (const layer of this.#layers.slice(at).reverse()) {
      await this.#eachRecord(layer.serial, (record, key, held) => {
        if (held === undefined) batch.del(key);
        else batch.put(key, held);
        batch.del(record);
      });
      if (layer.serial !== serial) batch.del(layerKey(layer.serial));
    }
    await batch.write({ sync });
    this.#layers = this.#layers.slice(0, at + 1);
  }

  /** Forgets a layer; what it knew goes to the one before it. */
  async release(serial: number, sync: boolean): Promise<void> {
    const at = this.#indexOf(serial);
    const before = this.#layers[at - 1];
    const batch = this.#level.batch();
    await this.#eachRecord(serial, (record, key, held) => {
      batch.del(record);
      if (before === undefined) return;
      const moved = Buffer.concat([recordPrefix(before.serial), key]);
      if (this.#level.getSync(moved) !== undefined) return;
      batch.put(moved, held === undefined ? WAS_ABSENT : Buffer.concat([WAS_PRESENT, held]));
    });
    batch.del(layerKey(serial));
    await batch.write({ sync });
    this.#layers = this.#layers.filter((layer) => layer.serial !== serial);
  }

  async #eachRecord(
    serial: number,
    use: (record: Buffer, key: Buffer, held: Buffer | undefined) => void,
  ): Promise<void> {
    const prefix = recordPrefix(serial);
    for await (const [record, value] of this.#level.iterator({
      gte: prefix,
      lt: afterPrefix(prefix),
    })) {
      const held = value[0] === 1 ? value.subarray(1) : undefined;
      use(record, record.subarray(prefix.length), held);
    }
  }

  #indexOf(serial: number): number {
    const at = this.#layers.findIndex((layer) => layer.serial === serial);
    if (at < 0) throw new LedgerError(`there is no snapshot ${serial}`);
    return at;
  }
}

/** Whether a key belongs to the undo log, not to the ledger. */
export function isUndoKey(key: Buffer): boolean {
  return key[0] === RECORD[0] || key[0] === LAYER[0];
}

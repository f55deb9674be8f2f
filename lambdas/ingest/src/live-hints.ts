import {
  type DeviceStatusInput,
  type DeviceStatusOutput,
  LIVE_WITHIN_MS,
} from '@pulseledger/domain';
import { Memory } from './memory.ts';

/** How long it is remembered whose hints a device's readings raise. A hint on a topic of yesterday tells nobody anything. */
const REMEMBERED_MS = 600_000;
/** Hints are a convenience: a batch of messages asks the ledger about this many unknown devices at most. */
const MAX_LOOKUPS = 16;
/** Readings that come late, hours at a time after an interruption, are told of this often at most. */
const LATE_HINTS_EVERY_MS = 10_000;

/** A device with something new on the ledger. */
export interface NewReadings {
  readonly deviceId: string;
  /** A time of measurement, Unix milliseconds. */
  readonly atMs: number;
  readonly blockNumber: number;
}

/** Options of {@link LiveHints}. */
export interface LiveHintsOptions {
  readonly deviceStatus: (input: DeviceStatusInput) => Promise<DeviceStatusOutput>;
  readonly hint: (pseudonym: string, blockNumber: number) => Promise<void>;
  readonly now: () => number;
}

/**
 * Tells open pages, without any value, that a patient's record has grown. Pages know the patient's pseudonym from the record
 * itself; it is a salted digest, so nobody else can guess which topic is whose.
 */
export class LiveHints {
  readonly #options: LiveHintsOptions;
  readonly #pseudonyms = new Memory<string | null>();
  readonly #lateHints = new Memory<true>();

  constructor(options: LiveHintsOptions) {
    this.#options = options;
  }

  /** One hint a patient. Never throws: a page that misses one reads a little later. */
  async tell(readings: readonly NewReadings[]): Promise<void> {
    await this.#lookUp(readings);
    const newest = new Map<string, { block: number; atMs: number }>();
    for (const { deviceId, atMs, blockNumber } of readings) {
      const pseudonym = this.#pseudonyms.peek(deviceId);
      if (typeof pseudonym !== 'string') continue;
      const known = newest.get(pseudonym) ?? { block: 0, atMs: 0 };
      newest.set(pseudonym, {
        block: Math.max(blockNumber, known.block),
        atMs: Math.max(atMs, known.atMs),
      });
    }
    const due = [...newest].filter(([pseudonym, { atMs }]) => this.#isDue(pseudonym, atMs));
    const { hint } = this.#options;
    await Promise.allSettled(due.map(([pseudonym, { block }]) => hint(pseudonym, block)));
  }

  #isDue(pseudonym: string, atMs: number): boolean {
    const now = this.#options.now();
    if (now - atMs <= LIVE_WITHIN_MS) return true;
    if (this.#lateHints.get(pseudonym, now) !== undefined) return false;
    this.#lateHints.put(pseudonym, true, now + LATE_HINTS_EVERY_MS);
    return true;
  }

  async #lookUp(readings: readonly NewReadings[]): Promise<void> {
    const now = this.#options.now();
    const unknown = new Map<string, number>();
    for (const { deviceId, atMs } of readings) {
      const isKnown = this.#pseudonyms.get(deviceId, now) !== undefined;
      if (!isKnown && unknown.size < MAX_LOOKUPS) {
        unknown.set(deviceId, atMs);
      }
    }
    const { deviceStatus } = this.#options;
    await Promise.allSettled(
      [...unknown].map(async ([deviceId, atMs]) => {
        const { pseudonym } = await deviceStatus({ deviceId, atMs });
        this.#pseudonyms.put(deviceId, pseudonym, now + REMEMBERED_MS);
      }),
    );
  }
}

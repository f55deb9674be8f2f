import {
  type DeviceStatusInput,
  type DeviceStatusOutput,
  LIVE_WITHIN_MS,
} from '@pulseledger/domain';

/** How long it is remembered whose hints a device's readings raise. A hint on a topic of yesterday tells nobody anything. */
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 50_000;
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
  readonly #pseudonyms = new Map<string, { pseudonym: string | null; untilMs: number }>();
  readonly #nextLateMs = new Map<string, number>();

  constructor(options: LiveHintsOptions) {
    this.#options = options;
  }

  /** One hint a patient. Never throws: a page that misses one reads a little later. */
  async tell(readings: readonly NewReadings[]): Promise<void> {
    await this.#lookUp(readings);
    const newest = new Map<string, { block: number; atMs: number }>();
    for (const { deviceId, atMs, blockNumber } of readings) {
      const pseudonym = this.#pseudonyms.get(deviceId)?.pseudonym;
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
    if (now < (this.#nextLateMs.get(pseudonym) ?? 0)) return false;
    remember(this.#nextLateMs, pseudonym, now + LATE_HINTS_EVERY_MS);
    return true;
  }

  async #lookUp(readings: readonly NewReadings[]): Promise<void> {
    const now = this.#options.now();
    const unknown = new Map<string, number>();
    for (const { deviceId, atMs } of readings) {
      const known = this.#pseudonyms.get(deviceId);
      const wanted = known === undefined || known.untilMs <= now;
      if (wanted && unknown.size < MAX_LOOKUPS) {
        unknown.set(deviceId, atMs);
      }
    }
    const { deviceStatus } = this.#options;
    await Promise.allSettled(
      [...unknown].map(async ([deviceId, atMs]) => {
        const { pseudonym } = await deviceStatus({ deviceId, atMs });
        remember(this.#pseudonyms, deviceId, { pseudonym, untilMs: now + REMEMBERED_MS });
      }),
    );
  }
}

/** Puts the entry last; the oldest one gives way. */
function remember<T>(entries: Map<string, T>, name: string, entry: T): void {
  entries.delete(name);
  const [oldest] = entries.keys();
  if (entries.size >= MAX_REMEMBERED && oldest !== undefined) entries.delete(oldest);
  entries.set(name, entry);
}

import type { DeviceStatusInput, DeviceStatusOutput } from '@pulseledger/domain';

/** How long it is remembered whose hints a device's readings raise. A hint on a topic of yesterday tells nobody anything. */
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 50_000;
/** Hints are a convenience: a batch of messages asks the ledger about this many unknown devices at most. */
const MAX_LOOKUPS = 16;

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

  constructor(options: LiveHintsOptions) {
    this.#options = options;
  }

  /** One hint a patient. Never throws: a page that misses one reads a little later. */
  async tell(readings: readonly NewReadings[]): Promise<void> {
    await this.#lookUp(readings);
    const newest = new Map<string, number>();
    for (const { deviceId, blockNumber } of readings) {
      const pseudonym = this.#pseudonyms.get(deviceId)?.pseudonym;
      if (typeof pseudonym === 'string') {
        newest.set(pseudonym, Math.max(blockNumber, newest.get(pseudonym) ?? 0));
      }
    }
    const { hint } = this.#options;
    await Promise.allSettled([...newest].map(([pseudonym, block]) => hint(pseudonym, block)));
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
        this.#remember(deviceId, { pseudonym, untilMs: now + REMEMBERED_MS });
      }),
    );
  }

  #remember(deviceId: string, entry: { pseudonym: string | null; untilMs: number }): void {
    this.#pseudonyms.delete(deviceId);
    const [oldest] = this.#pseudonyms.keys();
    if (this.#pseudonyms.size >= MAX_REMEMBERED && oldest !== undefined) {
      this.#pseudonyms.delete(oldest);
    }
    this.#pseudonyms.set(deviceId, entry);
  }
}

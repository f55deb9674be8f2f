import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHUNK_HOUR_MS, type QuarantineReason } from '@pulseledger/domain';
import { z } from 'zod';
import { makeChunks } from '../device/chunk-maker.ts';
import type { Enrol } from '../device/enrolment.ts';
import { type DeviceIdentity, deviceIdentity } from '../device/identity.ts';
import type { Outbox } from '../device/outbox.ts';
import { Publisher } from '../device/publisher.ts';
import { Counters } from '../fleet/totals.ts';
import { Prng } from '../prng.ts';
import type { StagedReading, StagedSource, Staging } from './staging.ts';

/** Readings looked at at once. */
const PAGE_READINGS = 8_192;
/** Chunks of one device that may wait before more are made. */
const MAX_WAITING_CHUNKS = 512;
const CHECK_MS = 20;
const OVERDUE_CHECK_MS = 1_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS replay_device (
  slot TEXT PRIMARY KEY, source INTEGER NOT NULL, from_ms INTEGER NOT NULL, device_id TEXT NOT NULL
) STRICT;
`;
const SlotRow = z.object({ slot: z.string() });
const DeviceRow = z.object({
  slot: z.string(),
  from_ms: z.int(),
  manufacturer: z.string(),
  model: z.string(),
});
const CountRow = z.object({ n: z.int() });

/** What a replay brought to the ledger. */
export interface DeliveryReport {
  /** Devices that the readings were sent as. */
  readonly devices: number;
  /** Readings put into chunks now, and left by an earlier, interrupted replay. */
  readonly handedOver: number;
  readonly resumed: number;
  readonly chunks: number;
  readonly committed: number;
  readonly quarantined: number;
  readonly quarantineReasons: Readonly<Partial<Record<QuarantineReason, number>>>;
  /** Not answered by the ledger; a further replay of the same files delivers them. */
  readonly pending: number;
}

/** Where and for whom to deliver. */
export interface DeliveryOptions {
  readonly outbox: Outbox;
  readonly staging: Staging;
  /** Keys and identities. */
  readonly folder: string;
  readonly patientId: string;
  readonly enrol: Enrol;
  /** Give up after this time without any answer of the ledger. */
  readonly patienceMs: number;
  readonly onProgress: (answered: number, all: number) => void;
}

interface Sender {
  readonly identity: DeviceIdentity;
  readonly publisher: Publisher;
}

/** Runs of readings that may share a chunk: same UTC hour, same zone offset. */
function runs(page: readonly StagedReading[]): StagedReading[][] {
  const result: StagedReading[][] = [];
  let key = '';
  for (const staged of page) {
    const hour = Math.floor(staged.reading.atMs / CHUNK_HOUR_MS);
    const own = `${hour}/${staged.zoneOffsetMinutes}`;
    if (own !== key) result.push([]);
    key = own;
    result.at(-1)?.push(staged);
  }
  return result;
}

/** Sends staged readings as devices and waits for the ledger. */
class Delivery {
  readonly #options: DeliveryOptions;
  readonly #counters = new Counters();
  readonly #senders = new Map<string, Sender>();
  #lastAnswerMs = Date.now();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    options.outbox.database.exec(SCHEMA);
  }

  /** The slot of a device of this source that was assigned early enough. */
  #slot(source: StagedSource): string | undefined {
    const row = this.#options.outbox.database
      .prepare(
        'SELECT slot FROM replay_device WHERE source = ? AND from_ms <= ? ORDER BY from_ms DESC LIMIT 1',
      )
      .get(source.id, source.earliestMs);
    return row === undefined ? undefined : SlotRow.parse(row).slot;
  }

  /**
   * A source is one device; readings from before its assignment need another one, because a device
   * belongs to a patient from a moment on and that moment cannot be moved back.
   */
  async #identity(source: StagedSource): Promise<DeviceIdentity> {
    const { outbox, folder, patientId, enrol } = this.#options;
    for (;;) {
      const known = this.#slot(source);
      const counted = outbox.database
        .prepare('SELECT count(*) AS n FROM replay_device WHERE source = ?')
        .get(source.id);
      const slot = known ?? `${source.labelDigest}-${CountRow.parse(counted).n}`;
      const { manufacturer, model, earliestMs } = source;
      const description = { patientId, fromMs: earliestMs, manufacturer, model, serial: slot };
      const identity = await deviceIdentity(join(folder, 'keys'), slot, description, enrol);
      outbox.database
        .prepare(
          'INSERT OR IGNORE INTO replay_device (slot, source, from_ms, device_id) VALUES (?, ?, ?, ?)',
        )
        .run(slot, source.id, identity.fromMs, identity.deviceId);
      if (identity.fromMs <= earliestMs) return identity;
    }
  }

  #send(identity: DeviceIdentity): Sender {
    const known = this.#senders.get(identity.deviceId);
    if (known !== undefined) return known;
    const random = new Prng(`replay/${identity.deviceId}`);
    const publisher = new Publisher(
      this.#options.outbox,
      { ...identity, random },
      {
        published: ({ chunk, again }) => {
          if (!again) Counters.add(this.#counters.published, chunk.count);
        },
        answered: ({ chunk, acknowledgement: { status, reason } }) => {
          this.#lastAnswerMs = Date.now();
          Counters.add(this.#counters[status], chunk.count);
          if (reason !== undefined) {
            const { reasons } = this.#counters;
            reasons.set(reason, (reasons.get(reason) ?? 0) + chunk.count);
          }
        },
      },
    );
    const sender = { identity, publisher };
    this.#senders.set(identity.deviceId, sender);
    publisher.open();
    return sender;
  }

  /** Devices with chunks that an interrupted replay left behind. */
  async #resume(): Promise<void> {
    const { outbox, folder, patientId, enrol } = this.#options;
    const rows = outbox.database
      .prepare(
        `SELECT slot, from_ms, manufacturer, model FROM replay_device
         JOIN source ON source.id = replay_device.source ORDER BY slot`,
      )
      .all();
    for (const row of rows) {
      const { slot, from_ms: fromMs, manufacturer, model } = DeviceRow.parse(row);
      const description = { patientId, fromMs, manufacturer, model, serial: slot };
      const identity = await deviceIdentity(join(folder, 'keys'), slot, description, enrol);
      const left = outbox.pendingCounts(identity.deviceId);
      if (left.chunks === 0) continue;
      this.#counters.resumed.chunks += left.chunks;
      this.#counters.resumed.readings += left.readings;
      this.#send(identity);
    }
  }

  /** Put one run into chunks; chunks, numbering and the memory of what is taken change together. */
  #handOver(source: StagedSource, { identity, publisher }: Sender, run: StagedReading[]): void {
    const { outbox, staging } = this.#options;
    const { deviceId, sign } = identity;
    const zone = run[0]?.zoneOffsetMinutes ?? 0;
    if (this.#counters.pending.chunks === 0) this.#lastAnswerMs = Date.now();
    outbox.transaction(() => {
      const { boot, nextSequence: firstSequence } = outbox.numbering(deviceId);
      const input = {
        deviceId,
        boot,
        firstSequence,
        sign,
        zoneOffsetAt: () => zone,
        closedAtMs: Date.now(),
      };
      const chunks = makeChunks(
        input,
        run.map((staged) => staged.reading),
      );
      for (const chunk of chunks) {
        outbox.put(chunk);
        Counters.add(this.#counters.handedOver, chunk.count);
      }
      staging.take(source.id, run);
    });
    publisher.pump();
  }

  async #deliverSource(source: StagedSource): Promise<void> {
    const sender = this.#send(await this.#identity(source));
    for (;;) {
      const page = this.#options.staging.page(source.id, PAGE_READINGS);
      if (page.length === 0) return;
      const found = runs(page);
      // The last run of a full page may go on in the next one.
      const whole = page.length < PAGE_READINGS || found.length === 1 ? found : found.slice(0, -1);
      for (const run of whole) {
        if (!(await this.#waitWhile(() => this.#waiting(sender) >= MAX_WAITING_CHUNKS))) return;
        this.#handOver(source, sender, run);
      }
    }
  }

  #waiting(sender: Sender): number {
    return this.#options.outbox.pendingCounts(sender.identity.deviceId).chunks;
  }

  /** Wait; false when the ledger gave no answer for too long. */
  async #waitWhile(holds: () => boolean): Promise<boolean> {
    while (holds()) {
      const { committed, quarantined, handedOver, resumed } = this.#counters;
      this.#options.onProgress(
        committed.readings + quarantined.readings,
        handedOver.readings + resumed.readings,
      );
      if (Date.now() - this.#lastAnswerMs > this.#options.patienceMs) return false;
      await sleep(CHECK_MS);
    }
    return true;
  }

  async run(): Promise<DeliveryReport> {
    const overdue = setInterval(() => {
      for (const { publisher } of this.#senders.values()) publisher.sendOverdue();
    }, OVERDUE_CHECK_MS);
    try {
      await this.#resume();
      for (const source of this.#options.staging.sources()) await this.#deliverSource(source);
      this.#lastAnswerMs = Date.now();
      await this.#waitWhile(() => this.#counters.pending.chunks > 0);
    } finally {
      clearInterval(overdue);
      await Promise.all(
        [...this.#senders.values()].map(async ({ publisher }) => publisher.close()),
      );
    }
    return this.#report();
  }

  #report(): DeliveryReport {
    const { handedOver, resumed, committed, quarantined, pending, quarantineReasons } =
      this.#counters.totals(0);
    return {
      devices: this.#senders.size,
      handedOver: handedOver.readings,
      resumed: resumed.readings,
      chunks: handedOver.chunks,
      committed: committed.readings,
      quarantined: quarantined.readings,
      quarantineReasons,
      pending: pending.readings,
    };
  }
}

/**
 * Bring everything that is staged to the ledger, each source as a device of its own.
 *
 * @throws PulseError when a device cannot be enrolled.
 */
export async function deliver(options: DeliveryOptions): Promise<DeliveryReport> {
  return new Delivery(options).run();
}

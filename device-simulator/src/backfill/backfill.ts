import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reading } from '@pulseledger/domain';
import { mapConcurrently } from '../concurrency.ts';
import { makeChunks } from '../device/chunk-maker.ts';
import type { Enrol } from '../device/enrolment.ts';
import { type DeviceIdentity, deviceIdentity } from '../device/identity.ts';
import { Outbox } from '../device/outbox.ts';
import { Publisher } from '../device/publisher.ts';
import { descriptionOf, slotOf } from '../fleet/slots.ts';
import { Counters, type FleetTotals } from '../fleet/totals.ts';
import type { EpisodeKind } from '../physiology/episodes.ts';
import { Prng } from '../prng.ts';
import { zoneOffsets } from '../zone-offsets.ts';
import { pastReadings } from './past-readings.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** As many as the API enrols at once. */
const ENROLMENTS_AT_ONCE = 32;
const CHECK_MS = 50;
const OVERDUE_CHECK_MS = 1_000;
/** The last minutes are measured like those of a patient who is watched. */
const RECENT_MS = 6 * MINUTE_MS;
const RECENT_EVERY_MS = 10_000;
/** Readings that come later than five minutes raise no alarm any more. */
const UNWELL_MS = 4 * MINUTE_MS;

/** Devices whose week is in the outbox already. */
const SCHEMA = 'CREATE TABLE IF NOT EXISTS backfilled (device_id TEXT PRIMARY KEY) STRICT;';

/** What the devices of a fleet measured before now, and could not send. */
export interface BackfillOptions {
  readonly devices: number;
  readonly seed: number;
  readonly days: number;
  /** Between two samples of the continuous signals. */
  readonly everyMs: number;
  readonly zone: string;
  /** Patients that wear the devices, taken in turn. */
  readonly patients: readonly string[];
  /** So many, the first, wear it day and night; the others take it off in the evening. */
  readonly onTheWard: number;
  /** Who is unwell in the last minutes, by number of the device. */
  readonly unwell: ReadonlyMap<number, EpisodeKind>;
  readonly enrol: Enrol;
  /** The fleet's: its devices go on where this ends. */
  readonly folder: string;
  /** Give up after this time without any answer of the ledger. */
  readonly patienceMs: number;
  /** Ends it early; what is left is delivered by the next run. */
  readonly signal?: AbortSignal;
  readonly onProgress: (totals: FleetTotals) => void;
}

/** Devices that were out of reach for days hand over what they have kept. */
class Backfill {
  readonly #options: BackfillOptions;
  readonly #outbox: Outbox;
  readonly #counters = new Counters();
  #publishers: readonly Publisher[] = [];
  #lastAnswerMs = Date.now();

  constructor(options: BackfillOptions) {
    this.#options = options;
    this.#outbox = new Outbox(join(options.folder, 'outbox.sqlite'));
    this.#outbox.database.exec(SCHEMA);
  }

  /** Everything up to six minutes ago; when that is on the ledger, the rest, so that it is not late. */
  async run(): Promise<FleetTotals> {
    const { days, everyMs } = this.#options;
    const untilMs = Math.floor((Date.now() - RECENT_MS) / MINUTE_MS) * MINUTE_MS;
    const fromMs = Math.floor((untilMs - days * DAY_MS) / HOUR_MS) * HOUR_MS;
    const identities = await this.#identities(fromMs);
    this.#publishers = identities.map((identity) => this.#publisher(identity));
    for (const publisher of this.#publishers) publisher.open();
    const isNew = identities.map((identity) => this.#resume(identity));
    for (const [index, identity] of identities.entries()) {
      if (isNew[index] === true) this.#fill(identity, index, { fromMs, untilMs, everyMs });
      this.#publishers[index]?.pump();
      // Meanwhile the others publish.
      await sleep(0);
    }
    if (!(await this.#answered())) return this.totals();
    const nowMs = Math.floor(Date.now() / RECENT_EVERY_MS) * RECENT_EVERY_MS;
    for (const [index, identity] of identities.entries()) {
      if (isNew[index] !== true) continue;
      const recent = { fromMs: untilMs, untilMs: nowMs, everyMs: RECENT_EVERY_MS };
      this.#outbox.transaction(() => {
        this.#put(identity, index, recent);
      });
      this.#publishers[index]?.pump();
    }
    await this.#answered();
    return this.totals();
  }

  totals(): FleetTotals {
    return this.#counters.totals(0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#publishers.map(async (publisher) => publisher.close()));
    this.#outbox.close();
  }

  async #identities(fromMs: number): Promise<DeviceIdentity[]> {
    const { patients, devices, seed, folder, enrol } = this.#options;
    const slots = Array.from({ length: devices }, (_, index) => slotOf(index));
    return mapConcurrently(slots, ENROLMENTS_AT_ONCE, async (slot, index) => {
      const patientId = patients[index % patients.length] ?? '';
      const description = descriptionOf({ patientId, fromMs, seed, slot });
      return deviceIdentity(join(folder, 'keys'), slot, description, enrol);
    });
  }

  #publisher(identity: DeviceIdentity): Publisher {
    const random = new Prng(`backfill/${identity.deviceId}`);
    return new Publisher(
      this.#outbox,
      { ...identity, random },
      {
        published: ({ chunk, again }) => {
          if (!again) Counters.add(this.#counters.published, chunk.count);
        },
        answered: ({ chunk, acknowledgement: { status, reason } }) => {
          this.#lastAnswerMs = Date.now();
          Counters.add(this.#counters[status], chunk.count);
          if (reason === undefined) return;
          const { reasons } = this.#counters;
          reasons.set(reason, (reasons.get(reason) ?? 0) + chunk.count);
        },
      },
    );
  }

  /** Counts what an interrupted run left behind; true when the device has no past yet. */
  #resume({ deviceId }: DeviceIdentity): boolean {
    const { chunks, readings } = this.#outbox.pendingCounts(deviceId);
    this.#counters.resumed.chunks += chunks;
    this.#counters.resumed.readings += readings;
    const known = this.#outbox.database
      .prepare('SELECT 1 FROM backfilled WHERE device_id = ?')
      .get(deviceId);
    return known === undefined;
  }

  /** All of a device's past and the word that it is there, or nothing. */
  #fill(identity: DeviceIdentity, index: number, time: Time): void {
    this.#outbox.transaction(() => {
      this.#put(identity, index, time);
      this.#outbox.database
        .prepare('INSERT INTO backfilled (device_id) VALUES (?)')
        .run(identity.deviceId);
    });
  }

  #put({ deviceId, sign }: DeviceIdentity, index: number, time: Time): void {
    const zone = zoneOffsets(this.#options.zone);
    const readings = this.#readings(index, time, zone.at(time.fromMs));
    const { boot, nextSequence: firstSequence } = this.#outbox.numbering(deviceId);
    const zoneOffsetAt = (atMs: number): number => zone.at(atMs);
    const closedAtMs = Date.now();
    const input = { deviceId, boot, firstSequence, sign, zoneOffsetAt, closedAtMs };
    for (const chunk of makeChunks(input, readings)) {
      this.#outbox.put(chunk);
      Counters.add(this.#counters.handedOver, chunk.count);
    }
  }

  #readings(index: number, time: Time, zoneOffsetMinutes: number): Reading[] {
    const kind = this.#options.unwell.get(index);
    const isRecent = time.everyMs === RECENT_EVERY_MS;
    const sure =
      kind === undefined || !isRecent
        ? []
        : [{ kind, fromMs: time.untilMs - UNWELL_MS, untilMs: time.untilMs }];
    const label = `${this.#options.seed}/device/${index}`;
    const isOffAtNight = !isRecent && index >= this.#options.onTheWard;
    return pastReadings({ label, ...time, zoneOffsetMinutes, isOffAtNight, sure });
  }

  /** Waits for the ledger's answers; false when none came for too long. */
  async #answered(): Promise<boolean> {
    this.#lastAnswerMs = Date.now();
    let overdueMs = Date.now();
    while (this.#counters.pending.chunks > 0) {
      this.#options.onProgress(this.totals());
      const nowMs = Date.now();
      if (this.#options.signal?.aborted === true) return false;
      if (nowMs - this.#lastAnswerMs > this.#options.patienceMs) return false;
      if (nowMs - overdueMs > OVERDUE_CHECK_MS) {
        overdueMs = nowMs;
        for (const publisher of this.#publishers) publisher.sendOverdue(nowMs);
      }
      await sleep(CHECK_MS);
    }
    this.#options.onProgress(this.totals());
    return true;
  }
}

interface Time {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly everyMs: number;
}

/**
 * Brings the past of a fleet to the ledger. Run again, it delivers what was left, and adds nothing.
 *
 * @throws PulseError when a device cannot be enrolled, or another simulator uses the folder.
 */
export async function backfill(options: BackfillOptions): Promise<FleetTotals> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const run = new Backfill(options);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

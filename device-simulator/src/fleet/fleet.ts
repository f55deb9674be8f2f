import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeChunk, PulseError } from '@pulseledger/domain';
import { IANAZone } from 'luxon';
import { type Clock, SystemClock } from '../clock.ts';
import { mapConcurrently } from '../concurrency.ts';
import { type MadeChunk, makeChunks } from '../device/chunk-maker.ts';
import type { Enrol } from '../device/enrolment.ts';
import { type DeviceIdentity, deviceIdentity } from '../device/identity.ts';
import { Outbox, type PendingChunk } from '../device/outbox.ts';
import { type Delivery, Publisher } from '../device/publisher.ts';
import { Prng } from '../prng.ts';
import { TruthWriter } from '../truth.ts';
import type { TruthChunk } from '../truth-lines.ts';
import { type ZoneOffsets, zoneOffsets } from '../zone-offsets.ts';
import { type ClosedWindow, Measurement } from './measurement.ts';
import { Counters, type FleetTotals } from './totals.ts';

/** Devices in one process. */
export const MAX_DEVICES = 1_000;
const ENROLMENTS_AT_ONCE = 8;
/** Devices connect one after the other with this gap: a TLS handshake costs the broker work. */
const CONNECT_GAP_MS = 5;
const CONNECT_TIMEOUT_MS = 60_000;
/** The one timer never fires more often than this. */
const SHORTEST_TICK_MS = 20;
/** How often waiting chunks are looked at. */
const OVERDUE_CHECK_MS = 1_000;
const DRAIN_CHECK_MS = 20;
/** Windows while somebody entitled watches. */
const WATCH_WINDOW_MS = 2_000;

/** How to run a fleet of simulated wearables. */
export interface FleetOptions {
  readonly devices: number;
  readonly seed: number;
  readonly windowSeconds: number;
  /** Samples a second of every device (five signals each). */
  readonly rate: number;
  /** Where the wearers live, IANA name. */
  readonly zone: string;
  /** Patients that wear the devices, taken in turn. */
  readonly patients: readonly string[];
  readonly enrol: Enrol;
  /** Keys, identities and outbox; made with 0700. */
  readonly folder: string;
  /** File that gets the truth; see TruthWriter. */
  readonly truthFile?: string;
  /** Time of the measurements; the machine's clock when left out. */
  readonly clock?: Clock;
  /** Told when all devices are enrolled. */
  readonly onEnrolled?: () => void;
}

/** A running fleet. */
export interface Fleet {
  readonly totals: () => FleetTotals;
  /** Latencies of the chunks answered since the last call; null without any. */
  readonly recentLatency: () => FleetTotals['commitLatencyMs'];
  /** Stop measuring; the partial windows are handed over and published. */
  readonly stopMeasuring: () => void;
  /** Wait until the ledger has answered for everything, at most this long; true when it has. */
  readonly drain: (atMostMs: number) => Promise<boolean>;
  /** Disconnect and close the files; what is pending stays in the outbox. */
  readonly close: () => Promise<void>;
}

function truthLine(
  chunk: PendingChunk & Pick<MadeChunk, 'zoneOffsetMinutes' | 'readings'>,
): TruthChunk {
  return {
    t: 'chunk',
    device: chunk.deviceId,
    boot: chunk.boot,
    first: chunk.firstSequence,
    count: chunk.count,
    zone: chunk.zoneOffsetMinutes,
    closedAt: chunk.closedAtMs,
    bytes: chunk.bytes.byteLength,
    sha256: createHash('sha256').update(chunk.bytes).digest('hex'),
    fate: 'committed',
    readings: [...chunk.readings],
  };
}

/** One device of the fleet: its identity, its numbering and its way to the ledger. */
interface Member {
  readonly identity: DeviceIdentity;
  readonly publisher: Publisher;
  readonly boot: number;
  nextSequence: number;
  watchedUntilMs: number;
}

class RunningFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #zone: ZoneOffsets;
  readonly #outbox: Outbox;
  readonly #truth: TruthWriter;
  readonly #counters = new Counters();
  #members: readonly Member[] = [];
  #measurement: Measurement | undefined;
  #tick: NodeJS.Timeout | undefined;
  #overdue: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#zone = zoneOffsets(options.zone);
    this.#outbox = new Outbox(join(options.folder, 'outbox.sqlite'));
    this.#truth = new TruthWriter(options.truthFile);
  }

  async start(): Promise<void> {
    const identities = await this.#identities();
    this.#options.onEnrolled?.();
    this.#members = this.#outbox.transaction(() =>
      identities.map((identity, index) => this.#member(identity, index)),
    );
    for (const member of this.#members) {
      member.publisher.open();
      await sleep(CONNECT_GAP_MS);
    }
    await this.#connected();
    const startMs = this.#clock.now();
    this.#measurement = new Measurement({
      devices: this.#members.length,
      seed: this.#options.seed,
      startMs,
      periodMs: 1_000 / this.#options.rate,
      windowMs: this.#options.windowSeconds * 1_000,
      zoneOffsetMinutes: this.#zone.at(startMs),
    });
    this.#schedule(this.#measurement);
    this.#overdue = setInterval(() => {
      this.#eachSecond();
    }, OVERDUE_CHECK_MS);
  }

  async #identities(): Promise<DeviceIdentity[]> {
    const { patients, devices, seed, folder, enrol } = this.#options;
    const fromMs = this.#clock.now();
    const slots = Array.from({ length: devices }, (_, index) => String(index).padStart(5, '0'));
    return mapConcurrently(slots, ENROLMENTS_AT_ONCE, async (slot, index) =>
      deviceIdentity(
        join(folder, 'keys'),
        slot,
        {
          patientId: patients[index % patients.length] ?? '',
          fromMs,
          manufacturer: 'Pulseledger',
          model: 'simulated wearable',
          serial: `${seed}-${slot}`,
        },
        enrol,
      ),
    );
  }

  #member(identity: DeviceIdentity, index: number): Member {
    const { deviceId } = identity;
    this.#resume(deviceId);
    const { boot, nextSequence } = this.#outbox.beginBoot(deviceId);
    this.#truth.write({ t: 'device', device: deviceId, patientId: identity.patientId, boot });
    const random = new Prng(`${this.#options.seed}/device/${index}/link`);
    const publisher = new Publisher(
      this.#outbox,
      { ...identity, random },
      {
        published: (delivery) => {
          this.#published(delivery);
        },
        answered: ({ chunk, acknowledgement, atMs }) => {
          const { status, reason } = acknowledgement;
          const { boot: b, firstSequence: first, count } = chunk;
          Counters.add(this.#counters[status], count);
          this.#counters.answeredAfter(atMs - chunk.closedAtMs);
          if (reason !== undefined) {
            this.#counters.reasons.set(reason, (this.#counters.reasons.get(reason) ?? 0) + count);
          }
          this.#truth.write({
            t: 'answered',
            device: deviceId,
            boot: b,
            first,
            count,
            status,
            reason,
            at: atMs,
          });
        },
        watched: (untilMs) => {
          this.#watch(index, untilMs);
        },
      },
    );
    return { identity, publisher, boot, nextSequence, watchedUntilMs: 0 };
  }

  /** Count, and write into the truth again, what an earlier run left behind. */
  #resume(deviceId: string): void {
    let after = { boot: -1, firstSequence: -1 };
    for (;;) {
      const chunks = this.#outbox.pendingAfter(deviceId, after, 256);
      const last = chunks.at(-1);
      if (last === undefined) return;
      after = last;
      for (const chunk of chunks) {
        Counters.add(this.#counters.resumed, chunk.count);
        const { readings, zoneOffsetMinutes } = decodeChunk(chunk.bytes);
        this.#truth.write(truthLine({ ...chunk, readings, zoneOffsetMinutes }));
      }
    }
  }

  async #connected(): Promise<void> {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    while (!this.#members.every((member) => member.publisher.connected)) {
      if (Date.now() > deadline) {
        throw new PulseError('unavailable', 'the broker does not accept the devices');
      }
      await sleep(DRAIN_CHECK_MS);
    }
  }

  #schedule(measurement: Measurement): void {
    const wait = Math.max(SHORTEST_TICK_MS, this.#clock.realMsUntil(measurement.nextDueMs));
    this.#tick = setTimeout(() => {
      this.#handOver(measurement.advanceTo(this.#clock.now()));
      if (this.#measurement !== undefined) this.#schedule(measurement);
    }, wait);
  }

  /** Sign the closed windows and put them on disk with one sync, then tell the world. */
  #handOver(windows: readonly ClosedWindow[]): void {
    if (windows.length === 0) return;
    const closedAtMs = Date.now();
    const touched = new Set<Member>();
    const made = this.#outbox.transaction(() =>
      windows.flatMap((window) => {
        const member = this.#members[window.device];
        if (member === undefined) return [];
        if (!this.#outbox.hasRoom(member.identity.deviceId)) {
          this.#counters.discardedReadings += window.readings.length;
          return [];
        }
        touched.add(member);
        return this.#put(member, window, closedAtMs);
      }),
    );
    for (const chunk of made) {
      Counters.add(this.#counters.handedOver, chunk.count);
      this.#truth.write(truthLine(chunk));
    }
    for (const member of touched) member.publisher.pump();
  }

  #put(member: Member, window: ClosedWindow, closedAtMs: number): MadeChunk[] {
    const { deviceId, sign } = member.identity;
    const { boot, nextSequence } = member;
    const zoneOffsetAt = (atMs: number): number => this.#zone.at(atMs);
    const input = { deviceId, boot, firstSequence: nextSequence, sign, zoneOffsetAt, closedAtMs };
    const chunks = makeChunks(input, window.readings);
    for (const chunk of chunks) {
      this.#outbox.put(chunk);
      member.nextSequence += chunk.count;
    }
    return chunks;
  }

  #published({ chunk, attempt, again, atMs }: Delivery): void {
    const { deviceId: device, boot, firstSequence: first, count } = chunk;
    if (!again) Counters.add(this.#counters.published, count);
    this.#truth.write({ t: 'published', device, boot, first, count, attempt, at: atMs });
  }

  #watch(index: number, untilMs: number): void {
    const member = this.#members[index];
    if (member === undefined) return;
    member.watchedUntilMs = untilMs;
    const short = Math.min(WATCH_WINDOW_MS, this.#options.windowSeconds * 1_000);
    if (untilMs > Date.now()) this.#measurement?.setWindow(index, short);
  }

  #eachSecond(): void {
    const nowMs = Date.now();
    this.#members.forEach((member, index) => {
      member.publisher.sendOverdue(nowMs);
      if (member.watchedUntilMs !== 0 && member.watchedUntilMs <= nowMs) {
        member.watchedUntilMs = 0;
        this.#measurement?.setWindow(index, this.#options.windowSeconds * 1_000);
      }
    });
  }

  recentLatency(): FleetTotals['commitLatencyMs'] {
    return this.#counters.recentLatency();
  }

  totals(): FleetTotals {
    return this.#counters.totals(
      this.#members.reduce((sum, member) => sum + member.publisher.reconnects, 0),
    );
  }

  stopMeasuring(): void {
    clearTimeout(this.#tick);
    const measurement = this.#measurement;
    this.#measurement = undefined;
    if (measurement === undefined) return;
    this.#handOver([...measurement.advanceTo(this.#clock.now()), ...measurement.flush()]);
  }

  async drain(atMostMs: number): Promise<boolean> {
    const deadline = Date.now() + atMostMs;
    while (this.#counters.pending.chunks > 0) {
      if (Date.now() >= deadline) return false;
      await sleep(DRAIN_CHECK_MS);
    }
    return true;
  }

  async close(): Promise<void> {
    clearTimeout(this.#tick);
    clearInterval(this.#overdue);
    this.#measurement = undefined;
    await Promise.all(this.#members.map(async (member) => member.publisher.close()));
    this.#outbox.close();
    this.#truth.close();
  }
}

function checkOptions(options: FleetOptions): void {
  const { devices, windowSeconds, rate, patients, zone } = options;
  const refuse = (text: string): never => {
    throw new PulseError('invalid_input', text);
  };
  if (!(Number.isInteger(devices) && devices >= 1 && devices <= MAX_DEVICES)) {
    refuse(`devices must be a whole number from 1 to ${MAX_DEVICES}`);
  }
  if (!(windowSeconds >= 1 && windowSeconds <= 600)) refuse('a window lasts from 1 s to 600 s');
  if (!(rate >= 0.1 && rate <= 10)) refuse('the rate is from 0.1 to 10 samples a second');
  if (patients.length === 0) refuse('the running system has no patient to wear the devices');
  if (!IANAZone.isValidZone(zone)) refuse('the zone is not an IANA time zone name');
}

/**
 * Enrol and connect the devices and start measuring.
 *
 * @throws PulseError invalid_input for options out of range; unavailable, access_denied when the
 *   system does not take the devices.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  checkOptions(options);
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const fleet = new RunningFleet(options);
  try {
    await fleet.start();
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return fleet;
}

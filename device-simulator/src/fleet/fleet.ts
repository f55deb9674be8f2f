import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PulseError } from '@pulseledger/domain';
import { IANAZone } from 'luxon';
import { Attackers, type AttackReport } from '../attackers/attackers.ts';
import type { Attack } from '../attackers/attacks.ts';
import { type Clock, SystemClock } from '../clock.ts';
import { mapConcurrently } from '../concurrency.ts';
import type { Enrol, Revoke } from '../device/enrolment.ts';
import { type DeviceIdentity, deviceIdentity } from '../device/identity.ts';
import { Outbox } from '../device/outbox.ts';
import { DeviceLife } from '../faults/device-life.ts';
import { DAY_MS, type Fault, FURTHEST_BEHIND_MS, faultDay } from '../faults/fault-plan.ts';
import { TruthWriter } from '../truth.ts';
import { zoneOffsets } from '../zone-offsets.ts';
import { type ClosedWindow, Measurement } from './measurement.ts';
import { descriptionOf, slotOf } from './slots.ts';
import { Counters, type FleetTotals } from './totals.ts';
import { type FleetParts, Wearable } from './wearable.ts';

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
/** Shortest episode of a fault, so that a sample surely falls into it. */
const SAMPLES_OF_AN_EPISODE = 2;

/** Which faults strike, and how long a day of their plan takes in the devices' time. */
export interface FaultOptions {
  readonly kinds: ReadonlySet<Fault>;
  readonly dayMs: number;
}

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
  /** What goes wrong with the devices; nothing when left out. */
  readonly faults?: FaultOptions;
  /** Who attacks beside them, within a day of the faults' plan; nobody when left out. */
  readonly attackers?: { readonly kinds: ReadonlySet<Attack>; readonly revoke: Revoke };
  /** Told when all devices are enrolled. */
  readonly onEnrolled?: () => void;
}

/** A running fleet. */
export interface Fleet {
  /** Hours of the fault plan that pass in one hour of the devices' time. */
  readonly faultScale: number;
  readonly totals: () => FleetTotals;
  /** What became of each attack so far. */
  readonly attacks: () => Partial<Record<Attack, AttackReport>>;
  /** Latencies of the chunks answered since the last call; null without any. */
  readonly recentLatency: () => FleetTotals['commitLatencyMs'];
  /** Stop measuring; the partial windows are handed over and published, and no fault is left. */
  readonly stopMeasuring: () => void;
  /**
   * Wait until the ledger has answered for everything and every attack has been carried out, at most
   * this long; true when it is so.
   */
  readonly drain: (atMostMs: number) => Promise<boolean>;
  /** Disconnect and close the files; what is pending stays in the outbox. */
  readonly close: () => Promise<void>;
}

class RunningFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #parts: FleetParts;
  readonly #scale: number;
  #members: readonly Wearable[] = [];
  #attackers: Attackers | undefined;
  #measurement: Measurement | undefined;
  #tick: NodeJS.Timeout | undefined;
  #overdue: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#scale = DAY_MS / (options.faults?.dayMs ?? DAY_MS);
    this.#parts = {
      seed: options.seed,
      windowMs: options.windowSeconds * 1_000,
      clock: options.clock ?? new SystemClock(),
      zone: zoneOffsets(options.zone),
      outbox: new Outbox(join(options.folder, 'outbox.sqlite')),
      truth: new TruthWriter(options.truthFile),
      counters: new Counters(),
    };
  }

  get faultScale(): number {
    return this.#scale;
  }

  async start(): Promise<void> {
    const { truth, outbox, clock, zone, seed, windowMs } = this.#parts;
    truth.write({ t: 'run', seed, faultScale: this.#scale, at: Date.now() });
    // A clock that is behind still dates its first reading after the device was put on.
    const fromMs = clock.now() - FURTHEST_BEHIND_MS;
    const identities = await this.#identities(fromMs);
    this.#attackers = await this.#enrolAttackers(fromMs);
    this.#options.onEnrolled?.();
    this.#members = outbox.transaction(() =>
      identities.map((identity, index) => this.#member(identity, index)),
    );
    for (const member of this.#members) {
      member.publisher.open();
      await sleep(CONNECT_GAP_MS);
    }
    await this.#connected();
    // Enrolment takes its time, which must not pass for a clock that would reach the future by it.
    clock.restart();
    const startMs = clock.now();
    const lives = this.#members.flatMap(({ life }) => life ?? []);
    for (const life of lives) life.begin(startMs);
    this.#foretell();
    this.#measurement = new Measurement({
      devices: this.#members.length,
      seed,
      startMs,
      periodMs: 1_000 / this.#options.rate,
      windowMs,
      zoneOffsetMinutes: zone.at(startMs),
      lives,
    });
    this.#schedule(this.#measurement);
    this.#attackers?.begin(
      this.#members.map((member) => ({
        deviceId: member.identity.deviceId,
        lastChunk: () => member.lastChunk,
      })),
    );
    this.#overdue = setInterval(() => {
      this.#eachSecond();
    }, OVERDUE_CHECK_MS);
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

  async #enrolAttackers(fromMs: number): Promise<Attackers | undefined> {
    const { attackers, enrol, folder, patients, seed, faults } = this.#options;
    if (attackers === undefined || attackers.kinds.size === 0) return undefined;
    const { clock, truth } = this.#parts;
    return Attackers.enrol({
      ...attackers,
      enrol,
      folder,
      patients,
      seed,
      fromMs,
      withinMs: clock.realMsUntil(clock.now() + (faults?.dayMs ?? DAY_MS)),
      world: {
        clock,
        write: (line) => {
          truth.write(line);
        },
        isBrokerThere: () => this.#members.some(({ publisher }) => publisher.connected),
      },
    });
  }

  #member(identity: DeviceIdentity, index: number): Wearable {
    return new Wearable(this.#parts, {
      index,
      identity,
      life: this.#life(index),
      watched: (untilMs) => {
        this.#watch(index, untilMs);
      },
    });
  }

  #life(device: number): DeviceLife | undefined {
    const { faults: chosen, devices, seed, rate } = this.#options;
    if (chosen === undefined || chosen.kinds.size === 0) return undefined;
    const shortestMs = (SAMPLES_OF_AN_EPISODE * 1_000 * this.#scale) / rate;
    const options = { seed, device, devices, faults: chosen.kinds, shortestMs };
    return new DeviceLife({ days: (day) => faultDay(options, day), scale: this.#scale });
  }

  /** Write the first day's faults into the truth, for who reads it. */
  #foretell(): void {
    for (const { identity, life } of this.#members) {
      for (const episode of life?.episodes(0) ?? []) {
        this.#parts.truth.write({ t: 'fault', device: identity.deviceId, ...episode });
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
    const { clock } = this.#parts;
    const wait = Math.max(SHORTEST_TICK_MS, clock.realMsUntil(measurement.nextDueMs));
    this.#tick = setTimeout(() => {
      this.#handOver(measurement.advanceTo(clock.now()));
      for (const member of this.#members) member.follow();
      if (this.#measurement !== undefined) this.#schedule(measurement);
    }, wait);
  }

  /** Sign the closed windows and put them on disk with one sync, then tell the world. */
  #handOver(windows: readonly ClosedWindow[]): void {
    if (windows.length === 0) return;
    const closedAtMs = Date.now();
    const done = this.#parts.outbox.transaction(() =>
      windows.flatMap((window) => {
        const member = this.#members[window.device];
        return member === undefined ? [] : { member, what: member.handOver(window, closedAtMs) };
      }),
    );
    for (const { member, what } of done) member.tell(what);
    for (const member of new Set(done.map(({ member: one }) => one))) member.publisher.pump();
  }

  #watch(index: number, untilMs: number): void {
    const member = this.#members[index];
    if (member === undefined) return;
    member.watchedUntilMs = untilMs;
    const short = Math.min(WATCH_WINDOW_MS, this.#parts.windowMs);
    if (untilMs > Date.now()) this.#measurement?.setWindow(index, short);
  }

  #eachSecond(): void {
    const nowMs = Date.now();
    this.#members.forEach((member, index) => {
      member.publisher.sendOverdue(nowMs);
      if (member.watchedUntilMs !== 0 && member.watchedUntilMs <= nowMs) {
        member.watchedUntilMs = 0;
        this.#measurement?.setWindow(index, this.#parts.windowMs);
      }
    });
    const readings = this.#measurement?.openReadings;
    if (readings !== undefined) this.#parts.truth.write({ t: 'open', readings, at: nowMs });
  }

  recentLatency(): FleetTotals['commitLatencyMs'] {
    return this.#parts.counters.recentLatency();
  }

  attacks(): Partial<Record<Attack, AttackReport>> {
    return this.#attackers?.report() ?? {};
  }

  totals(): FleetTotals {
    return this.#parts.counters.totals(
      this.#members.reduce((sum, member) => sum + member.publisher.reconnects, 0),
    );
  }

  stopMeasuring(): void {
    clearTimeout(this.#tick);
    const measurement = this.#measurement;
    this.#measurement = undefined;
    if (measurement === undefined) return;
    const { clock, truth } = this.#parts;
    this.#handOver([...measurement.advanceTo(clock.now()), ...measurement.flush()]);
    truth.write({ t: 'stopped', at: Date.now() });
    for (const member of this.#members) member.calm();
    this.#attackers?.hurry();
  }

  async drain(atMostMs: number): Promise<boolean> {
    const deadline = Date.now() + atMostMs;
    while (this.#parts.counters.pending.chunks > 0 || this.#attackers?.isBusy === true) {
      if (Date.now() >= deadline) return false;
      await sleep(DRAIN_CHECK_MS);
    }
    return this.#attackers?.allDone ?? true;
  }

  async close(): Promise<void> {
    clearTimeout(this.#tick);
    clearInterval(this.#overdue);
    this.#measurement = undefined;
    await this.#attackers?.close();
    await Promise.all(this.#members.map(async (member) => member.publisher.close()));
    this.#parts.outbox.close();
    this.#parts.truth.close();
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

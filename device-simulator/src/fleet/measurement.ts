import type { Reading } from '@pulseledger/domain';
import { dated, withNoise, withoutContact } from '../faults/altered-readings.ts';
import type { Condition, DeviceLife, PowerCut } from '../faults/device-life.ts';
import { SensorSuite } from '../physiology/sensor.ts';
import { Prng } from '../prng.ts';

/** A silence longer than this (the machine slept) is left as a gap instead of being measured late. */
const MAX_CATCH_UP_MS = 10_000;

/** Readings of one device's window that has ended. */
export interface ClosedWindow {
  readonly device: number;
  readonly readings: readonly Reading[];
  /** The power failed: these readings are forgotten, and the device will start anew. */
  readonly cut?: PowerCut;
}

/** What to measure, and when. */
export interface MeasurementPlan {
  readonly devices: number;
  readonly seed: number;
  /** First moment of the simulated time. */
  readonly startMs: number;
  /** Time between two samples of one device. */
  readonly periodMs: number;
  readonly windowMs: number;
  readonly zoneOffsetMinutes: number;
  /** What goes wrong with the devices; nothing when left out. */
  readonly lives?: readonly DeviceLife[];
}

interface Wrist {
  readonly sensors: SensorSuite;
  readings: Reading[];
  windowMs: number;
  windowEndMs: number;
  readonly life: DeviceLife | undefined;
  readonly noise: Prng;
  lastMs: number;
  /** Since when it measures without interruption. */
  poweredFromMs: number;
}

function altered(readings: readonly Reading[], condition: Condition, noise: Prng): Reading[] {
  const worn = condition.sensorOff ? withoutContact(readings) : readings;
  const heard = condition.noisy ? withNoise(worn, noise) : worn;
  return dated(heard, condition.clockOffsetMs);
}

/**
 * The measuring of all devices on one time line, without any timer of its own. Devices take turns:
 * device k of n samples k/n of a period after device 0, and its windows end k/n of a window after
 * those of device 0, so that neither work nor traffic comes in bursts. The same plan moved along the
 * same moments gives the same readings.
 */
export class Measurement {
  readonly #plan: MeasurementPlan;
  readonly #wrists: readonly Wrist[];
  /** Samples taken so far; sample i belongs to device i mod n. */
  #turn = 0;

  constructor(plan: MeasurementPlan) {
    this.#plan = plan;
    this.#wrists = Array.from({ length: plan.devices }, (_, device) => ({
      sensors: new SensorSuite(
        `${plan.seed}/device/${device}`,
        plan.startMs,
        plan.zoneOffsetMinutes,
      ),
      readings: [],
      windowMs: plan.windowMs,
      windowEndMs:
        plan.startMs + Math.floor(((device + 1) * plan.windowMs) / plan.devices) + plan.periodMs,
      life: plan.lives?.[device],
      noise: new Prng(`${plan.seed}/device/${device}/fault/lead-noise/values`),
      lastMs: plan.startMs,
      poweredFromMs: plan.startMs,
    }));
  }

  /** When the next sample is due. */
  get nextDueMs(): number {
    return this.#dueMs(this.#turn);
  }

  #dueMs(turn: number): number {
    const { devices, startMs, periodMs } = this.#plan;
    return startMs + Math.floor((turn * periodMs) / devices);
  }

  /** Measure all that is due up to and including this moment. */
  advanceTo(nowMs: number): ClosedWindow[] {
    if (nowMs - this.nextDueMs > MAX_CATCH_UP_MS) this.#skipTo(nowMs);
    const closed: ClosedWindow[] = [];
    for (let dueMs = this.nextDueMs; dueMs <= nowMs; dueMs = this.nextDueMs) {
      const device = this.#turn % this.#wrists.length;
      this.#turn += 1;
      const wrist = this.#wrists[device];
      if (wrist === undefined) continue;
      closed.push(...this.#ended(device, wrist, dueMs));
      wrist.readings.push(...this.#sample(wrist, dueMs));
      wrist.lastMs = dueMs;
    }
    return closed;
  }

  /** Windows that have ended since the last sample, by their time or because the power failed. */
  #ended(device: number, wrist: Wrist, dueMs: number): ClosedWindow[] {
    const cut = wrist.life?.cutBetween(wrist.lastMs, dueMs);
    const isDue = dueMs >= wrist.windowEndMs;
    if (cut === undefined) return isDue ? this.#close(device, wrist, dueMs) : [];
    const saved = wrist.windowEndMs <= cut.atMs ? this.#close(device, wrist, cut.atMs) : [];
    const { readings } = wrist;
    wrist.readings = [];
    wrist.poweredFromMs = Number.POSITIVE_INFINITY;
    return [...saved, { device, readings, cut: cut.cause }];
  }

  #sample(wrist: Wrist, dueMs: number): Reading[] {
    const readings = wrist.sensors.sample(dueMs);
    if (wrist.life === undefined) return readings;
    const condition = wrist.life.at(dueMs);
    if (!condition.powered) return [];
    wrist.poweredFromMs = Math.min(wrist.poweredFromMs, dueMs);
    // What was counted over a time without power was not counted.
    const counted = readings.filter((r) => r.atMs >= wrist.poweredFromMs || !('durationMs' in r));
    return altered(counted, condition, wrist.noise);
  }

  /** Readings in windows that are not closed yet. */
  get openReadings(): number {
    return this.#wrists.reduce((sum, { readings }) => sum + readings.length, 0);
  }

  #skipTo(nowMs: number): void {
    const { devices, startMs, periodMs } = this.#plan;
    this.#turn = Math.ceil(((nowMs - startMs) * devices) / periodMs);
  }

  #close(device: number, wrist: Wrist, atMs: number): ClosedWindow[] {
    const { readings } = wrist;
    wrist.readings = [];
    while (wrist.windowEndMs <= atMs) wrist.windowEndMs += wrist.windowMs;
    return readings.length === 0 ? [] : [{ device, readings }];
  }

  /** Change the length of a device's windows; a shorter one also ends the running window sooner. */
  setWindow(device: number, windowMs: number): void {
    const wrist = this.#wrists[device];
    if (wrist === undefined || wrist.windowMs === windowMs) return;
    wrist.windowMs = windowMs;
    wrist.windowEndMs = Math.min(wrist.windowEndMs, this.nextDueMs + windowMs);
  }

  /** Close all windows as they are. */
  flush(): ClosedWindow[] {
    return this.#wrists.flatMap((wrist, device) => this.#close(device, wrist, 0));
  }
}

import type { Reading } from '@pulseledger/domain';
import { SensorSuite } from '../physiology/sensor.ts';

/** A silence longer than this (the machine slept) is left as a gap instead of being measured late. */
const MAX_CATCH_UP_MS = 10_000;

/** Readings of one device's window that has ended. */
export interface ClosedWindow {
  readonly device: number;
  readonly readings: readonly Reading[];
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
}

interface Wrist {
  readonly sensors: SensorSuite;
  readings: Reading[];
  windowMs: number;
  windowEndMs: number;
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
      if (dueMs >= wrist.windowEndMs) closed.push(...this.#close(device, wrist, dueMs));
      wrist.readings.push(...wrist.sensors.sample(dueMs));
    }
    return closed;
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

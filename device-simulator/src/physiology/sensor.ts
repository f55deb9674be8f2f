import type { Reading, VitalCode } from '@pulseledger/domain';
import { Prng } from '../prng.ts';
import type { SureEpisode } from './episodes.ts';
import { type VitalState, Wearer } from './wearer.ts';

const MINUTE_MS = 60_000;
/** A cuff that measures by itself does so about this often. */
const BLOOD_PRESSURE_GAP_MS: number = 30 * MINUTE_MS;
/** A sample this soon after the full minute still counts the minute from its start. */
const LATEST_START_MS = 15_000;

interface ContinuousSignal {
  readonly code: VitalCode;
  readonly unit: string;
  readonly decimals: number;
  readonly take: (state: VitalState) => number;
  /** Needs light on skin; without contact it gives nothing although the device is worn. */
  readonly optical: boolean;
}

/** The five signals measured at the sampling rate. */
export const CONTINUOUS_SIGNALS: readonly ContinuousSignal[] = [
  { code: '8867-4', unit: '/min', decimals: 0, take: (s) => s.heartRate, optical: true },
  { code: '59408-5', unit: '%', decimals: 0, take: (s) => s.oxygenSaturation, optical: true },
  { code: '9279-1', unit: '/min', decimals: 1, take: (s) => s.respiratoryRate, optical: true },
  { code: '8310-5', unit: 'Cel', decimals: 2, take: (s) => s.bodyTemperature, optical: false },
  { code: '80404-7', unit: 'ms', decimals: 0, take: (s) => s.sdnn, optical: true },
];

/** Round as a sensor's wire format does; the decimal text decides, so that 36.62 stays 36.62. */
function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

/**
 * The sensors of one wearable: turns the wearer's state into readings. At each sample five signals;
 * at each full minute the steps of that minute and the skin temperature; blood pressure now and then
 * at rest. A sensor that has lost contact gives readings without a value (`not-performed`), never 0.
 */
export class SensorSuite {
  readonly #wearer: Wearer;
  readonly #random: Prng;
  #steps = 0;
  #stepFraction = 0;
  #lastMs: number;
  #minute: number;
  #countedFromStart: boolean;
  #nextBloodPressureMs: number;

  constructor(
    label: string,
    startMs: number,
    zoneOffsetMinutes: number,
    sure: readonly SureEpisode[] = [],
  ) {
    this.#wearer = new Wearer(`${label}/wearer`, startMs, zoneOffsetMinutes, sure);
    this.#random = new Prng(`${label}/sensor`);
    this.#lastMs = startMs;
    this.#minute = Math.floor(startMs / MINUTE_MS);
    this.#countedFromStart = startMs % MINUTE_MS === 0;
    this.#nextBloodPressureMs = startMs + this.#random.uniform() * BLOOD_PRESSURE_GAP_MS;
  }

  /** Measure once. Moments must not go backwards. */
  sample(atMs: number): Reading[] {
    const state = this.#wearer.at(atMs);
    const readings: Reading[] = CONTINUOUS_SIGNALS.map((signal) => {
      const { code, unit } = signal;
      if (!state.worn || (signal.optical && !state.contact)) {
        return { code, unit, atMs, absent: 'not-performed' };
      }
      return { code, unit, atMs, value: rounded(signal.take(state), signal.decimals) };
    });
    this.#walk(state, atMs);
    readings.push(...this.#minutely(state, atMs), ...this.#cuff(state, atMs));
    return readings;
  }

  #walk(state: VitalState, atMs: number): void {
    const minutes = Math.min(1, (atMs - this.#lastMs) / MINUTE_MS);
    this.#lastMs = atMs;
    if (!state.worn) return;
    this.#stepFraction += state.stepsPerMinute * minutes;
    const whole = Math.floor(this.#stepFraction);
    this.#steps += whole;
    this.#stepFraction -= whole;
  }

  /** Steps of the minute that has just ended, and skin temperature. */
  #minutely(state: VitalState, atMs: number): Reading[] {
    const minute = Math.floor(atMs / MINUTE_MS);
    if (minute === this.#minute) return [];
    // A minute that was not counted from its start to its end has no honest count: leave it out.
    const whole = this.#countedFromStart && minute === this.#minute + 1;
    const steps = this.#steps;
    this.#minute = minute;
    this.#steps = 0;
    this.#countedFromStart = atMs % MINUTE_MS < LATEST_START_MS;
    if (!whole || !state.worn) return [];
    return [
      {
        code: '55423-8',
        unit: '{steps}',
        atMs: (minute - 1) * MINUTE_MS,
        durationMs: MINUTE_MS,
        value: steps,
      },
      { code: '39106-0', unit: 'Cel', atMs, value: rounded(state.skinTemperature, 2) },
    ];
  }

  /** The cuff waits until the wearer is at rest. */
  #cuff(state: VitalState, atMs: number): Reading[] {
    if (atMs < this.#nextBloodPressureMs || state.activity > 0.2 || !state.worn) return [];
    this.#nextBloodPressureMs = atMs + BLOOD_PRESSURE_GAP_MS * this.#random.between(0.7, 1.3);
    return [
      { code: '8480-6', unit: 'mm[Hg]', atMs, value: rounded(state.systolic, 0) },
      { code: '8462-4', unit: 'mm[Hg]', atMs, value: rounded(state.diastolic, 0) },
    ];
  }
}

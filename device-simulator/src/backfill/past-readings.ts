import type { Reading } from '@pulseledger/domain';
import type { SureEpisode } from '../physiology/episodes.ts';
import { SensorSuite } from '../physiology/sensor.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_HOURS = 24;
/** Civil time at which a wearable is put on, and taken off to be charged. */
const ON_HOUR = 8;
const OFF_HOUR = 20;
/** Counted or measured on their own occasion: each of them is kept. */
const OCCASIONAL: ReadonlySet<string> = new Set(['55423-8', '8480-6', '8462-4']);

/** What a wearable measured before now. */
export interface Past {
  /** Seed of the wearer, as in a fleet: the same person goes on there. */
  readonly label: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Between two samples of the continuous signals, whole minutes or a part of one. */
  readonly everyMs: number;
  readonly zoneOffsetMinutes: number;
  /** Taken off from evening to morning, to be charged; worn all the time when left out. */
  readonly isOffAtNight?: boolean;
  /** What surely happens to the wearer. */
  readonly sure?: readonly SureEpisode[];
}

/** The readings of that time, in its order. Same label and same times, same readings. */
export function pastReadings(past: Past): Reading[] {
  const { label, fromMs, untilMs, everyMs, zoneOffsetMinutes, isOffAtNight, sure } = past;
  const sensors = new SensorSuite(label, fromMs, zoneOffsetMinutes, sure);
  // The wearer lives minute by minute: steps are counted by the minute.
  const stepMs = Math.min(everyMs, MINUTE_MS);
  const readings: Reading[] = [];
  for (let atMs = fromMs; atMs < untilMs; atMs += stepMs) {
    const measured = sensors.sample(atMs);
    if (isOffAtNight === true && isNight(atMs + zoneOffsetMinutes * MINUTE_MS)) continue;
    const isDue = (atMs - fromMs) % everyMs === 0;
    readings.push(...(isDue ? measured : measured.filter(({ code }) => OCCASIONAL.has(code))));
  }
  return readings;
}

function isNight(civilMs: number): boolean {
  const hour = (civilMs / HOUR_MS) % DAY_HOURS;
  return hour < ON_HOUR || hour >= OFF_HOUR;
}

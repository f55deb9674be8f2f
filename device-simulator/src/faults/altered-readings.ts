import type { Reading } from '@pulseledger/domain';
import type { Prng } from '../prng.ts';

/** The device is not worn: every sensor says so. Never a 0, never the last value. */
export function withoutContact(readings: readonly Reading[]): Reading[] {
  return readings.map((reading) => {
    if (!('value' in reading)) return reading;
    const { code, unit, atMs, durationMs } = reading;
    const time = durationMs === undefined ? { atMs } : { atMs, durationMs };
    return { code, unit, ...time, absent: 'not-performed' };
  });
}

/** Signs that a sensor reads wildly when an electrode or the light path is bad, and how wildly. */
const NOISE: Readonly<Record<string, { readonly high: number; readonly decimals: number }>> = {
  '8867-4': { high: 400, decimals: 0 },
  '59408-5': { high: 127, decimals: 0 },
  '9279-1': { high: 120, decimals: 1 },
  '80404-7': { high: 900, decimals: 0 },
};
/** Share of noisy samples that the sensor itself gives up on. */
const GIVEN_UP = 0.2;
/** Share of the others that are wild; the rest happens to be right. */
const WILD = 0.6;

/** A bad lead: some values are given up as errors, some are wild, also beyond what a person can have. */
export function withNoise(readings: readonly Reading[], random: Prng): Reading[] {
  return readings.map((reading) => {
    const noise = NOISE[reading.code];
    if (noise === undefined || !('value' in reading)) return reading;
    const { value, ...rest } = reading;
    if (random.chance(GIVEN_UP)) return { ...rest, absent: 'error' };
    const wild = Number(random.between(0, noise.high).toFixed(noise.decimals));
    return { ...rest, value: random.chance(WILD) ? wild : value };
  });
}

/** As a clock dates them that shows another time. */
export function dated(readings: readonly Reading[], clockOffsetMs: number): Reading[] {
  if (clockOffsetMs === 0) return [...readings];
  return readings.map((reading) => ({ ...reading, atMs: reading.atMs + clockOffsetMs }));
}

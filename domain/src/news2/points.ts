import type { Consciousness } from './parameters.ts';

/** Points of one parameter. */
export type Points = 0 | 1 | 2 | 3;

/** Points of a value up to and with `upTo`; the last band has no end. */
interface Band {
  readonly upTo: number;
  readonly points: Points;
}

const REST = Infinity;

/** A row of the chart; oxygen saturation has three. */
export type Scale =
  | 'respiratoryRate'
  | 'saturationScale1'
  | 'saturationScale2OnOxygen'
  | 'saturationScale2OnAir'
  | 'systolicPressure'
  | 'pulse'
  | 'temperature';

/**
 * The chart of the Royal College of Physicians: National Early Warning Score (NEWS) 2, London 2017, chart 1
 * (https://www.rcp.ac.uk/improving-care/resources/national-early-warning-score-news-2/), used with acknowledgement.
 */
const BANDS: Readonly<Record<Scale, readonly Band[]>> = {
  respiratoryRate: [
    { upTo: 8, points: 3 },
    { upTo: 11, points: 1 },
    { upTo: 20, points: 0 },
    { upTo: 24, points: 2 },
    { upTo: REST, points: 3 },
  ],
  saturationScale1: [
    { upTo: 91, points: 3 },
    { upTo: 93, points: 2 },
    { upTo: 95, points: 1 },
    { upTo: REST, points: 0 },
  ],
  /** Target 88–92 %: with added oxygen too much of it is a danger as well. */
  saturationScale2OnOxygen: [
    { upTo: 83, points: 3 },
    { upTo: 85, points: 2 },
    { upTo: 87, points: 1 },
    { upTo: 92, points: 0 },
    { upTo: 94, points: 1 },
    { upTo: 96, points: 2 },
    { upTo: REST, points: 3 },
  ],
  saturationScale2OnAir: [
    { upTo: 83, points: 3 },
    { upTo: 85, points: 2 },
    { upTo: 87, points: 1 },
    { upTo: REST, points: 0 },
  ],
  systolicPressure: [
    { upTo: 90, points: 3 },
    { upTo: 100, points: 2 },
    { upTo: 110, points: 1 },
    { upTo: 219, points: 0 },
    { upTo: REST, points: 3 },
  ],
  pulse: [
    { upTo: 40, points: 3 },
    { upTo: 50, points: 1 },
    { upTo: 90, points: 0 },
    { upTo: 110, points: 1 },
    { upTo: 130, points: 2 },
    { upTo: REST, points: 3 },
  ],
  temperature: [
    { upTo: 35, points: 3 },
    { upTo: 36, points: 1 },
    { upTo: 38, points: 0 },
    { upTo: 39, points: 1 },
    { upTo: REST, points: 2 },
  ],
};

/** Significant digits that a measured decimal keeps when it is multiplied, without the noise of binary fractions. */
const DIGITS = 12;
const TEMPERATURE_STEPS = 10;

/**
 * The value as the chart reads it: temperature to 0.1 °C, all others to whole numbers; halves go up
 * (38.05 counts as 38.1, 90.5 as 91).
 */
export function charted(scale: Scale, value: number): number {
  const steps = scale === 'temperature' ? TEMPERATURE_STEPS : 1;
  return Math.round(Number((value * steps).toPrecision(DIGITS))) / steps;
}

/** Points of a measured value on a scale of the chart. */
export function pointsOf(scale: Scale, value: number): Points {
  const rounded = charted(scale, value);
  return BANDS[scale].find(({ upTo }) => rounded <= upTo)?.points ?? 0;
}

/** Points for added oxygen. */
export function oxygenPoints(onOxygen: boolean): Points {
  return onOxygen ? 2 : 0;
}

/** Points for consciousness. */
export function consciousnessPoints(value: Consciousness): Points {
  return value === 'alert' ? 0 : 3;
}

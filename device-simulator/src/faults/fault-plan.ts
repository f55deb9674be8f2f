import { Prng } from '../prng.ts';

/** What can go wrong with an honest device. */
export const FAULTS = [
  'offline',
  'duplicate',
  'reorder',
  'skew',
  'drift',
  'future',
  'reboot',
  'sensor-off',
  'lead-noise',
  'battery',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults that come and go; skew and drift of a clock are always there. */
export type EpisodicFault = Exclude<Fault, 'skew' | 'drift'>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A plan is made for one day after the other. */
export const DAY_MS: number = 24 * HOUR;

/** How often a day at most, and how long. */
const EPISODES: Readonly<
  Record<EpisodicFault, { readonly most: number; readonly lasts: readonly [number, number] }>
> = {
  offline: { most: 2, lasts: [2 * HOUR, 8 * HOUR] },
  duplicate: { most: 3, lasts: [HOUR, 4 * HOUR] },
  reorder: { most: 2, lasts: [2 * HOUR, 5 * HOUR] },
  future: { most: 1, lasts: [10 * MINUTE, 40 * MINUTE] },
  reboot: { most: 3, lasts: [MINUTE, 3 * MINUTE] },
  'sensor-off': { most: 3, lasts: [10 * MINUTE, 2 * HOUR] },
  'lead-noise': { most: 4, lasts: [5 * MINUTE, 45 * MINUTE] },
  battery: { most: 1, lasts: [HOUR, 4 * HOUR] },
};

/** Without these a short run would step over a short episode between two samples. */
const NEEDS_SAMPLES: ReadonlySet<EpisodicFault> = new Set<EpisodicFault>([
  'future',
  'sensor-off',
  'lead-noise',
]);

/** Part of a day in which episodes lie: a device begins and ends its day well. */
const [EARLIEST, LATEST] = [0.05, 0.9];
const LONGEST_EPISODE_MS: number = DAY_MS / 3;

/**
 * A constant error of the clock. The contract takes what is up to 5 minutes ahead; a device that is
 * further off than that is the fault `future`.
 */
const SKEW_MS: readonly [number, number] = [-10 * MINUTE, 3 * MINUTE];
/** An uncompensated quartz; it is set right once a day. */
const DRIFT_PPM: readonly [number, number] = [20, 100];
/** How far a clock that was set wrongly is ahead. */
const AHEAD_MS: readonly [number, number] = [30 * DAY_MS, 365 * DAY_MS];

/**
 * Most of the devices' time that a run with faults may cover. A fast clock starts so far in the past;
 * one that is set 30 days ahead shall then still be ahead of the ledger.
 */
export const LONGEST_FAULTY_RUN_MS: number = 7 * DAY_MS;
/** Furthest that an honest clock is behind; assignments begin this much before the first reading. */
export const FURTHEST_BEHIND_MS: number = 15 * MINUTE;
/** Share of the devices that a fault strikes besides the one that it strikes for sure. */
const SHARE = 0.3;

/** One fault for a time; milliseconds from the start of the day. */
export interface Episode {
  readonly fault: EpisodicFault;
  readonly fromMs: number;
  readonly untilMs: number;
  /** How far the clock is ahead meanwhile; 0 but for `future`. */
  readonly aheadMs: number;
}

/** What a day has in store for a device. */
export interface FaultDay {
  /** Error of its clock. */
  readonly skewMs: number;
  /** How much its clock gains (or loses), millionths; set right at the end of the day. */
  readonly driftPpm: number;
  /** In order of their beginning; they may overlap. */
  readonly episodes: readonly Episode[];
}

/** For whom a plan is made. */
export interface FaultPlanOptions {
  readonly seed: number;
  readonly device: number;
  /** Size of the fleet. */
  readonly devices: number;
  readonly faults: ReadonlySet<Fault>;
  /** Shortest episode that cannot fall between two samples. */
  readonly shortestMs: number;
}

function whole(random: Prng, [low, high]: readonly [number, number]): number {
  return Math.round(random.between(low, high));
}

/** Every fault has a stream of its own, so that choosing another one does not move it. */
function streamOf({ seed, device }: FaultPlanOptions, fault: Fault, part: string): Prng {
  return new Prng(`${seed}/device/${device}/fault/${fault}/${part}`);
}

/** Each fault strikes one device for sure, whatever the size of the fleet, and others by chance. */
export function strikes(options: FaultPlanOptions, fault: Fault): boolean {
  if (!options.faults.has(fault)) return false;
  const isSure = FAULTS.indexOf(fault) % options.devices === options.device;
  return isSure || streamOf(options, fault, 'strikes').chance(SHARE);
}

function episodesOf(options: FaultPlanOptions, fault: EpisodicFault, day: number): Episode[] {
  if (!strikes(options, fault)) return [];
  const random = streamOf(options, fault, `day/${day}`);
  const { most, lasts } = EPISODES[fault];
  const least = NEEDS_SAMPLES.has(fault) ? options.shortestMs : 0;
  return Array.from({ length: 1 + Math.floor(random.uniform() * most) }, () => {
    const length = Math.min(LONGEST_EPISODE_MS, Math.max(least, whole(random, lasts)));
    const fromMs = whole(random, [EARLIEST * DAY_MS, LATEST * DAY_MS - length]);
    const aheadMs = fault === 'future' ? whole(random, AHEAD_MS) : 0;
    return { fault, fromMs, untilMs: fromMs + length, aheadMs };
  });
}

function skewOf(options: FaultPlanOptions): number {
  if (!strikes(options, 'skew')) return 0;
  return whole(streamOf(options, 'skew', 'amount'), SKEW_MS);
}

function driftOf(options: FaultPlanOptions): number {
  if (!strikes(options, 'drift')) return 0;
  const random = streamOf(options, 'drift', 'amount');
  return random.between(...DRIFT_PPM) * (random.chance(0.5) ? 1 : -1);
}

/**
 * What happens to a device on one day of its life: a pure function of seed, device and fault. Who
 * carries it out, and how fast a day passes, is not its business.
 *
 * @param day Counted from 0.
 */
export function faultDay(options: FaultPlanOptions, day: number): FaultDay {
  const episodes = FAULTS.filter((fault) => fault !== 'skew' && fault !== 'drift').flatMap(
    (fault) => episodesOf(options, fault, day),
  );
  return {
    skewMs: skewOf(options),
    driftPpm: driftOf(options),
    episodes: episodes.sort((a, b) => a.fromMs - b.fromMs),
  };
}

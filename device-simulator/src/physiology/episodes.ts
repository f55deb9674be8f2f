import type { Prng } from '../prng.ts';

/** Things that happen to a wearer or a sensor now and then. */
export type EpisodeKind =
  | 'desaturation'
  | 'fever'
  | 'tachycardia'
  | 'exercise'
  | 'sensorLoose'
  | 'sensorRemoved';

interface EpisodePlan {
  /** Mean time between the end of one and the start of the next. */
  readonly meanGapMs: number;
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Time in which it builds up and fades; 0 for on and off. */
  readonly rampMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How often and how long. Sensor faults are frequent on purpose: real wearables lose contact often. */
export const EPISODE_PLANS: Readonly<Record<EpisodeKind, EpisodePlan>> = {
  desaturation: {
    meanGapMs: 90 * MINUTE,
    shortestMs: 30 * SECOND,
    longestMs: 4 * MINUTE,
    rampMs: 20 * SECOND,
  },
  fever: {
    meanGapMs: 20 * 24 * HOUR,
    shortestMs: 8 * HOUR,
    longestMs: 48 * HOUR,
    rampMs: 2 * HOUR,
  },
  tachycardia: {
    meanGapMs: 8 * HOUR,
    shortestMs: MINUTE,
    longestMs: 15 * MINUTE,
    rampMs: 5 * SECOND,
  },
  exercise: {
    meanGapMs: 16 * HOUR,
    shortestMs: 15 * MINUTE,
    longestMs: 50 * MINUTE,
    rampMs: 2 * MINUTE,
  },
  sensorLoose: {
    meanGapMs: 25 * MINUTE,
    shortestMs: 4 * SECOND,
    longestMs: 60 * SECOND,
    rampMs: 0,
  },
  sensorRemoved: {
    meanGapMs: 18 * HOUR,
    shortestMs: 5 * MINUTE,
    longestMs: 60 * MINUTE,
    rampMs: 0,
  },
};

/** One kind of episode along the time line: exponential gaps, uniform lengths, random severity. */
class EpisodeTrack {
  readonly #plan: EpisodePlan;
  readonly #random: Prng;
  #startMs: number;
  #endMs: number;
  #severity: number;

  constructor(plan: EpisodePlan, random: Prng, startMs: number) {
    this.#plan = plan;
    this.#random = random;
    const length = this.#length();
    // Stationary from the first moment: an episode may already be under way.
    const underWay = length / (length + plan.meanGapMs);
    this.#startMs = random.chance(underWay)
      ? startMs - random.uniform() * length
      : startMs + random.exponential(plan.meanGapMs);
    this.#endMs = this.#startMs + length;
    this.#severity = random.between(0.4, 1);
  }

  #length(): number {
    return this.#random.between(this.#plan.shortestMs, this.#plan.longestMs);
  }

  /** Strength between 0 (not now) and 1; moments must not go backwards. */
  at(atMs: number): number {
    while (atMs >= this.#endMs) {
      this.#startMs = this.#endMs + this.#random.exponential(this.#plan.meanGapMs);
      this.#endMs = this.#startMs + this.#length();
      this.#severity = this.#random.between(0.4, 1);
    }
    if (atMs < this.#startMs) return 0;
    if (this.#plan.rampMs === 0) return this.#severity;
    const edge = Math.min(atMs - this.#startMs, this.#endMs - atMs);
    return this.#severity * Math.min(1, edge / this.#plan.rampMs);
  }
}

/** Strength of every kind of episode at a moment. */
export type EpisodeStrengths = Readonly<Record<EpisodeKind, number>>;

/** An episode that surely happens, beside those that chance brings. */
export interface SureEpisode {
  readonly kind: EpisodeKind;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** All episodes of one wearer. */
export class Episodes {
  readonly #tracks: Readonly<Record<EpisodeKind, EpisodeTrack>>;
  readonly #sure: readonly SureEpisode[];

  constructor(random: Prng, startMs: number, sure: readonly SureEpisode[] = []) {
    this.#sure = sure;
    const track = (kind: EpisodeKind): EpisodeTrack =>
      new EpisodeTrack(EPISODE_PLANS[kind], random, startMs);
    this.#tracks = {
      desaturation: track('desaturation'),
      fever: track('fever'),
      tachycardia: track('tachycardia'),
      exercise: track('exercise'),
      sensorLoose: track('sensorLoose'),
      sensorRemoved: track('sensorRemoved'),
    };
  }

  at(atMs: number): EpisodeStrengths {
    return {
      desaturation: this.#strength('desaturation', atMs),
      fever: this.#strength('fever', atMs),
      tachycardia: this.#strength('tachycardia', atMs),
      exercise: this.#strength('exercise', atMs),
      sensorLoose: this.#strength('sensorLoose', atMs),
      sensorRemoved: this.#strength('sensorRemoved', atMs),
    };
  }

  #strength(kind: EpisodeKind, atMs: number): number {
    const byChance = this.#tracks[kind].at(atMs);
    const isSure = this.#sure.some(
      (one) => one.kind === kind && one.fromMs <= atMs && atMs < one.untilMs,
    );
    return isSure ? 1 : byChance;
  }
}

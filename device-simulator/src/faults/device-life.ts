import { DAY_MS, type Episode, type EpisodicFault, type FaultDay } from './fault-plan.ts';

/** Without power nothing is measured, and what was not handed over yet is forgotten. */
export type PowerCut = Extract<EpisodicFault, 'battery' | 'reboot'>;

/** What is true of a device at a moment. */
export interface Condition {
  readonly powered: boolean;
  readonly online: boolean;
  readonly duplicating: boolean;
  readonly reordering: boolean;
  readonly sensorOff: boolean;
  readonly noisy: boolean;
  /** What its clock shows minus the time. */
  readonly clockOffsetMs: number;
}

/** How days of faults are laid over the devices' time. */
export interface LifeOptions {
  readonly days: (day: number) => FaultDay;
  /** Milliseconds of the plan that pass in a millisecond of the devices' time. */
  readonly scale: number;
}

/** An episode in the devices' time. */
export interface ScaledEpisode {
  readonly fault: EpisodicFault;
  readonly fromMs: number;
  readonly untilMs: number;
}

function isPowerCut(fault: EpisodicFault): fault is PowerCut {
  return fault === 'battery' || fault === 'reboot';
}

function covers({ fromMs, untilMs }: Episode, dayMs: number): boolean {
  return fromMs <= dayMs && dayMs < untilMs;
}

const CALM: Condition = {
  powered: true,
  online: true,
  duplicating: false,
  reordering: false,
  sensorOff: false,
  noisy: false,
  clockOffsetMs: 0,
};

/**
 * The faults of one device in the devices' own time: a day of the plan may pass in a minute. Nothing
 * is wrong before it begins and after it ends.
 */
export class DeviceLife {
  readonly #options: LifeOptions;
  #cached: { readonly day: number; readonly plan: FaultDay } | undefined;
  /** When its first day began; undefined before that and at the end. */
  #startMs: number | undefined;

  constructor(options: LifeOptions) {
    if (!(options.scale > 0)) throw new RangeError('the scale must be above 0');
    this.#options = options;
  }

  #plan(day: number): FaultDay {
    if (this.#cached?.day !== day) this.#cached = { day, plan: this.#options.days(day) };
    return this.#cached.plan;
  }

  #place(atMs: number, startMs: number): { readonly day: number; readonly dayMs: number } {
    const lifeMs = Math.max(0, (atMs - startMs) * this.#options.scale);
    const day = Math.floor(lifeMs / DAY_MS);
    return { day, dayMs: lifeMs - day * DAY_MS };
  }

  /** The first day begins, Unix milliseconds. */
  begin(startMs: number): void {
    this.#startMs = startMs;
  }

  /** No fault any more: the run is over and the device delivers what it has. */
  end(): void {
    this.#startMs = undefined;
  }

  at(atMs: number): Condition {
    if (this.#startMs === undefined) return CALM;
    const { day, dayMs } = this.#place(atMs, this.#startMs);
    const { skewMs, driftPpm, episodes } = this.#plan(day);
    const now = episodes.filter((episode) => covers(episode, dayMs));
    const has = (fault: EpisodicFault): boolean => now.some((episode) => episode.fault === fault);
    const powered = !now.some(({ fault }) => isPowerCut(fault));
    const aheadMs = Math.max(0, ...now.map((episode) => episode.aheadMs));
    return {
      powered,
      online: powered && !has('offline'),
      duplicating: has('duplicate'),
      reordering: has('reorder'),
      sensorOff: has('sensor-off'),
      noisy: has('lead-noise'),
      clockOffsetMs: Math.round(skewMs + (driftPpm * dayMs) / 1e6) + aheadMs,
    };
  }

  /** The first moment after one and up to another at which the power fails. */
  cutBetween(
    afterMs: number,
    untilMs: number,
  ): { readonly cause: PowerCut; readonly atMs: number } | undefined {
    const startMs = this.#startMs;
    if (startMs === undefined) return undefined;
    const { scale } = this.#options;
    const [first, last] = [this.#place(afterMs, startMs), this.#place(untilMs, startMs)];
    for (let { day } = first; day <= last.day; day += 1) {
      const { episodes } = this.#plan(day);
      for (const { fault, fromMs } of episodes) {
        const atMs = startMs + (day * DAY_MS + fromMs) / scale;
        if (!isPowerCut(fault) || atMs <= afterMs || atMs > untilMs) continue;
        // A battery that is empty already cannot fail: only the first of overlapping ones counts.
        const isFirst = !episodes.some(
          (other) => isPowerCut(other.fault) && other.fromMs < fromMs && fromMs <= other.untilMs,
        );
        if (isFirst) return { cause: fault, atMs };
      }
    }
    return undefined;
  }

  /** The episodes of a day, in the devices' time. */
  episodes(day: number): ScaledEpisode[] {
    const startMs = this.#startMs;
    if (startMs === undefined) return [];
    const { scale } = this.#options;
    const scaled = (ms: number): number => Math.round(startMs + (day * DAY_MS + ms) / scale);
    return this.#plan(day).episodes.map(({ fault, fromMs, untilMs }) => ({
      fault,
      fromMs: scaled(fromMs),
      untilMs: scaled(untilMs),
    }));
  }
}

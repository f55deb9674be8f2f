import { Prng } from '@pulseledger/device-simulator';
import { LINKS, type LinkName } from '../system-parts.ts';

/** One thing that goes wrong. */
export type Fault =
  /** kill -9; whoever looks after the process starts it again. */
  | { readonly kind: 'kill'; readonly target: string }
  /** The process stands still (SIGSTOP), as on a machine that is swapping, and goes on. */
  | { readonly kind: 'freeze'; readonly target: string; readonly forMs: number }
  /** All connections of the link are reset. */
  | { readonly kind: 'cut'; readonly link: LinkName }
  /** Requests still arrive, answers do not; when one is missing, at the latest after `forMs`, all is reset. */
  | { readonly kind: 'drop-answers'; readonly link: LinkName; readonly forMs: number }
  /** Every fsync of the queue takes so much longer. */
  | { readonly kind: 'slow-fsync'; readonly delayMs: number; readonly forMs: number }
  /** The queue delivers again what is being worked on, as SQS may at any time. */
  | { readonly kind: 'redeliver' };

export interface PlannedFault {
  /** From the beginning of the schedule. */
  readonly atMs: number;
  readonly fault: Fault;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Names of everything that can be killed. */
  readonly targets: readonly string[];
}

/** Something has to be under way before the first fault. */
export const QUIET_START: number = 0.03;
/** The last part of the time is for recovery. */
export const QUIET_END: number = 0.25;
/** One fault more than there must be for each so many milliseconds. */
const EXTRA_EVERY_MS = 6_000;

/** The one thing that leaves the fate of a commit unknown. */
const MORE_GATEWAY_DROPS = 3;
/** Most wanted: these two hold what is under way. */
const KILLED_AGAIN = ['lambda-host', 'cloud'];
const FREEZE_MS: readonly [number, number] = [300, 2_500];
const DROP_MS: readonly [number, number] = [800, 2_500];
const FSYNC_MS: readonly [number, number] = [50, 400];
const SLOW_MS: readonly [number, number] = [1_000, 4_000];

/**
 * What goes wrong and when, out of a seed alone: every target is killed at least once, every link cut and its
 * answers dropped, fsync slowed down and messages delivered again, at moments that know nothing of one another,
 * so that they overlap. Sorted by time.
 */
export function chaosSchedule({ seed, durationMs, targets }: ScheduleOptions): PlannedFault[] {
  const random = new Prng(`${String(seed)}/chaos`);
  const make = new FaultMaker(random, targets);
  const must: Fault[] = [
    ...targets.map((target): Fault => ({ kind: 'kill', target })),
    ...KILLED_AGAIN.filter((name) => targets.includes(name)).map(
      (target): Fault => ({ kind: 'kill', target }),
    ),
    ...LINKS.map((link): Fault => ({ kind: 'cut', link })),
    ...LINKS.map((link) => make.dropAnswers(link)),
    ...Array.from({ length: MORE_GATEWAY_DROPS }, () => make.dropAnswers('lambda-gateway')),
    make.dropAnswers('lambda-queue'),
    make.slowFsync(),
    { kind: 'redeliver' },
    { kind: 'redeliver' },
  ];
  const extra = Array.from({ length: Math.floor(durationMs / EXTRA_EVERY_MS) }, () => make.any());
  const [from, to] = [durationMs * QUIET_START, durationMs * (1 - QUIET_END)];
  return [...must, ...extra]
    .map((fault) => ({ atMs: Math.round(random.between(from, to)), fault }))
    .toSorted((a, b) => a.atMs - b.atMs);
}

class FaultMaker {
  readonly #random: Prng;
  readonly #targets: readonly string[];

  constructor(random: Prng, targets: readonly string[]) {
    this.#random = random;
    this.#targets = targets;
  }

  dropAnswers(link: LinkName): Fault {
    return { kind: 'drop-answers', link, forMs: this.#within(DROP_MS) };
  }

  slowFsync(): Fault {
    return {
      kind: 'slow-fsync',
      delayMs: this.#within(FSYNC_MS),
      forMs: this.#within(SLOW_MS),
    };
  }

  any(): Fault {
    const kinds: readonly (() => Fault)[] = [
      () => ({ kind: 'kill', target: this.#oneOf(this.#targets) }),
      () => ({
        kind: 'freeze',
        target: this.#oneOf(this.#targets),
        forMs: this.#within(FREEZE_MS),
      }),
      () => ({ kind: 'cut', link: this.#oneOf(LINKS) }),
      () => this.dropAnswers(this.#oneOf(LINKS)),
      () => this.slowFsync(),
      () => ({ kind: 'redeliver' }),
    ];
    return this.#oneOf(kinds)();
  }

  #within([low, high]: readonly [number, number]): number {
    return Math.round(this.#random.between(low, high));
  }

  #oneOf<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random.uniform() * items.length)];
    if (item === undefined) throw new RangeError('There is nothing to choose from.');
    return item;
  }
}

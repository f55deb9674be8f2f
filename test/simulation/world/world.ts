import type { Clock } from '@pulseledger/domain';
import fc from 'fast-check';
import { Choices } from './choices.ts';

/** Where a run begins: 40 minutes into a UTC hour, so that long runs cross an hour. */
export const START_MS: number = Date.UTC(2026, 10, 22, 9, 40);
/** A run in which more happens than this has lost its way. */
const MAX_EVENTS = 60_000;

/** To whom an event happens: nothing happens to what has ended, and what is stopped is told later. */
export interface Owner {
  readonly name: string;
  readonly alive: boolean;
  readonly stoppedUntilMs: number;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly label: string;
  readonly owner: Owner | undefined;
  readonly run: () => void;
  cancelled: boolean;
}

const DONE: Promise<void> = Promise.resolve();

/**
 * A simulated clock and everything that waits for it. What is due at the same moment happens in an order that fast-check's
 * scheduler chooses from the seed; between two events all that follows from the first one is done (every promise settled).
 */
export class World {
  readonly choices: Choices;
  /** What was found to be wrong. */
  readonly violations: string[] = [];
  /** How often what has happened that a run is made for. */
  readonly counts = new Map<string, number>();
  nowMs: number = START_MS;
  readonly #scheduler: ReturnType<typeof newScheduler>;
  readonly #turn: () => Promise<void>;
  readonly #heap = new EventHeap();
  readonly #notes: (readonly [number, string, string])[] = [];
  #order = 0;
  events = 0;

  /** @param turn - resolves when nothing is left in the queue of microtasks. */
  constructor(seed: number, suppressed: ReadonlySet<string>, turn: () => Promise<void>) {
    this.choices = new Choices(seed, suppressed);
    this.#scheduler = newScheduler(seed);
    this.#turn = turn;
  }

  /** What has happened, a line each: milliseconds since the beginning, to whom, what. */
  get trace(): string[] {
    return this.#notes.map(
      ([atMs, who, text]) => `${String(atMs - START_MS).padStart(8)} ${who} ${text}`,
    );
  }

  note(who: string, text: string): void {
    this.#notes.push([this.nowMs, who, text]);
  }

  count(what: string, times = 1): void {
    if (times > 0) this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  violated(text: string): void {
    this.note('!', text);
    this.violations.push(text);
  }

  /** Runs `run` so many milliseconds later, unless it is cancelled or its owner has ended by then. */
  after(milliseconds: number, label: string, run: () => void, owner?: Owner): () => void {
    const atMs = this.nowMs + Math.max(0, Math.ceil(milliseconds));
    const event: Event = { atMs, order: this.#order++, label, owner, run, cancelled: false };
    this.#heap.push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** The clock as one process sees it. */
  clockOf(owner: Owner): Clock {
    return {
      now: () => this.nowMs,
      after: (milliseconds, call) => this.after(milliseconds, 'timer', call, owner),
    };
  }

  /** Lets things happen until there is nothing more to wait for, something is wrong, or the time is over. */
  async run(isOver: () => boolean, endMs: number): Promise<void> {
    await this.#turn();
    while (this.violations.length === 0 && !isOver()) {
      while (this.#scheduler.count() === 0 && this.#heap.size > 0) this.#advance();
      if (this.#scheduler.count() === 0 || this.nowMs > endMs) return;
      if (++this.events > MAX_EVENTS) {
        this.violated('there is no end to what happens');
        return;
      }
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- waitNext spins for what comes late; here nothing does
      await this.#scheduler.waitOne();
      await this.#turn();
    }
  }

  #advance(): void {
    const first = this.#heap.pop();
    if (first === undefined) return;
    this.nowMs = Math.max(this.nowMs, first.atMs);
    let next: Event | undefined = first;
    while (next !== undefined) {
      const event = next;
      if (!event.cancelled) {
        void this.#scheduler.schedule(DONE, event.label).then(() => {
          this.#happen(event);
        });
      }
      next = this.#heap.peekAtMs() <= this.nowMs ? this.#heap.pop() : undefined;
    }
  }

  #happen(event: Event): void {
    const { owner, label, run, cancelled } = event;
    if (cancelled || owner?.alive === false) return;
    if (owner !== undefined && owner.stoppedUntilMs > this.nowMs) {
      this.#heap.push({ ...event, atMs: owner.stoppedUntilMs, order: this.#order++ });
      return;
    }
    if (label !== 'timer') this.note(owner?.name ?? '-', label);
    run();
  }
}

// What fast-check's arbitrary makes: a scheduler whose choices are a function of the seed.
function newScheduler(seed: number) {
  const [scheduler] = fc.sample(fc.scheduler(), { seed, numRuns: 1 });
  if (scheduler === undefined) throw new Error('fast-check has made no scheduler');
  return scheduler;
}

/** Events by time, then in the order in which they were made. */
class EventHeap {
  readonly #items: Event[] = [];

  get size(): number {
    return this.#items.length;
  }

  peekAtMs(): number {
    return this.#items[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  push(event: Event): void {
    const items = this.#items;
    let child = items.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = items[parent];
      if (above === undefined || !isBefore(event, above)) break;
      items[child] = above;
      child = parent;
    }
    items[child] = event;
  }

  pop(): Event | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let parent = 0;
    for (;;) {
      const left = items[2 * parent + 1];
      const right = items[2 * parent + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const smaller = isRight ? right : left;
      if (!isBefore(smaller, last)) break;
      items[parent] = smaller;
      parent = 2 * parent + (isRight ? 2 : 1);
    }
    items[parent] = last;
    return top;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

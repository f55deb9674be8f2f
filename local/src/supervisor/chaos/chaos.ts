import { setTimeout as delay } from 'node:timers/promises';
import type { Disturbance } from '../../process/messages.ts';
import type { LinkName } from '../system-parts.ts';
import type { Forwarder } from './forwarder.ts';
import type { InFlight } from './in-flight.ts';
import type { Fault, PlannedFault } from './schedule.ts';

/** Something that can be killed. */
export interface ChaosTarget {
  readonly name: string;
  /** Its process, or all processes that go together; none while it is down. */
  readonly pids: () => readonly number[];
  /** Whether it works again. */
  readonly isUp: () => boolean;
}

/** The system as the chaos sees it. */
export interface ChaosGround {
  readonly targets: readonly ChaosTarget[];
  readonly links: Readonly<
    Record<LinkName, Pick<Forwarder, 'holdAnswers' | 'reset' | 'heldBytes'>>
  >;
  readonly inFlight: () => Promise<InFlight>;
  /** Something that only the cloud's own process can do to itself. */
  readonly disturbCloud: (disturbance: Disturbance) => void;
}

/** What was done and what it met. */
export interface FaultRecord {
  /** By the schedule, from the beginning of the chaos. */
  readonly plannedMs: number;
  readonly atMs: number;
  readonly kind: Fault['kind'];
  /** Target or link. */
  readonly what: string;
  /** At the very moment before. */
  readonly inFlight: InFlight;
  /** A target that did not come up in time is not killed again. */
  readonly missed?: true;
  /** Until the target worked again; null: not by the end of the chaos. */
  readonly upAgainMs?: number | null;
  readonly forMs?: number;
  readonly connections?: number;
  readonly droppedBytes?: number;
}

const POLL_MS = 25;
/** What is down is killed when it is up again, not while it starts, else nothing would ever be under way. */
const UP_TIMEOUT_MS = 20_000;
/** How long an answer that shows a commit under way may be waited for, beyond the plan. */
const RIPE_TIMEOUT_MS = 8_000;

/** Carries out a schedule of faults. */
export class Chaos {
  readonly #ground: ChaosGround;
  readonly #records: FaultRecord[] = [];
  readonly #over = new AbortController();
  readonly #frozen = new Set<number>();
  #startedMs = 0;

  constructor(ground: ChaosGround) {
    this.#ground = ground;
  }

  /** What was done so far, in the order in which it was finished. */
  get records(): readonly FaultRecord[] {
    return this.#records;
  }

  /** Resolves when everything planned was done and undone, or at `signal`. */
  async run(schedule: readonly PlannedFault[], signal: AbortSignal): Promise<void> {
    this.#startedMs = performance.now();
    const end = (): void => {
      this.#over.abort();
    };
    signal.addEventListener('abort', end);
    try {
      await Promise.all(schedule.map((planned) => this.#carryOut(planned)));
    } finally {
      signal.removeEventListener('abort', end);
      this.calm();
    }
  }

  /** Undoes everything that can be undone. */
  calm(): void {
    this.#over.abort();
    for (const pid of this.#frozen) send(pid, 'SIGCONT');
    this.#frozen.clear();
    for (const link of Object.values(this.#ground.links)) if (link.heldBytes > 0) link.reset();
    this.#ground.disturbCloud({ kind: 'slow-fsync', delayMs: 0, forMs: 0 });
  }

  async #carryOut(planned: PlannedFault): Promise<void> {
    await this.#wait(planned.atMs - this.#elapsed());
    if (this.#isOver()) return;
    const { fault } = planned;
    switch (fault.kind) {
      case 'kill':
        return this.#kill(planned, fault.target);
      case 'freeze':
        return this.#freeze(planned, fault.target, fault.forMs);
      case 'cut':
        return this.#note(planned, fault.link, () => this.#ground.links[fault.link].reset());
      case 'drop-answers':
        return this.#dropAnswers(planned, fault.link, fault.forMs);
      case 'slow-fsync':
      case 'redeliver':
        return this.#note(planned, 'cloud', () => {
          this.#ground.disturbCloud(fault);
          return fault.kind === 'slow-fsync' ? { forMs: fault.forMs } : {};
        });
    }
  }

  async #kill(planned: PlannedFault, name: string): Promise<void> {
    const target = this.#target(name);
    if (!(await this.#until(() => target.isUp(), UP_TIMEOUT_MS))) {
      return this.#note(planned, name, () => ({ missed: true }));
    }
    let killed: readonly number[] = [];
    const index = this.#records.length;
    await this.#note(planned, name, () => {
      killed = target.pids();
      for (const pid of killed) send(pid, 'SIGKILL');
      return { upAgainMs: null };
    });
    const startedMs = performance.now();
    const isBack = (): boolean =>
      target.isUp() && target.pids().every((pid) => !killed.includes(pid));
    const isUp = await this.#until(isBack, UP_TIMEOUT_MS);
    const record = this.#records[index];
    if (!isUp || record === undefined) return;
    this.#records[index] = { ...record, upAgainMs: Math.round(performance.now() - startedMs) };
  }

  async #freeze(planned: PlannedFault, name: string, forMs: number): Promise<void> {
    const target = this.#target(name);
    let pids: readonly number[] = [];
    await this.#note(planned, name, () => {
      pids = target.pids();
      for (const pid of pids) {
        this.#frozen.add(pid);
        send(pid, 'SIGSTOP');
      }
      return pids.length === 0 ? { missed: true } : { forMs };
    });
    await this.#wait(forMs);
    for (const pid of pids) if (this.#frozen.delete(pid)) send(pid, 'SIGCONT');
  }

  /** Between Lambda host and Gateway it waits for a commit whose answer is then missing. */
  async #dropAnswers(planned: PlannedFault, name: LinkName, forMs: number): Promise<void> {
    const link = this.#ground.links[name];
    const begunMs = performance.now();
    link.holdAnswers();
    await this.#wait(forMs);
    if (name === 'lambda-gateway') await this.#untilCommitIsAwaited(link);
    await this.#note(planned, name, () => ({
      ...link.reset(),
      forMs: Math.round(performance.now() - begunMs),
    }));
  }

  async #untilCommitIsAwaited(link: Pick<Forwarder, 'heldBytes'>): Promise<void> {
    const endMs = performance.now() + RIPE_TIMEOUT_MS;
    while (!this.#isOver() && performance.now() < endMs) {
      const { transactions } = await this.#ground.inFlight();
      if ((transactions ?? 0) > 0 && link.heldBytes > 0) return;
      await this.#wait(POLL_MS);
    }
  }

  /** Looks what is under way, does it, and writes both down. */
  async #note(
    { atMs: plannedMs, fault: { kind } }: PlannedFault,
    what: string,
    act: () => Partial<FaultRecord>,
  ): Promise<void> {
    const inFlight = await this.#ground.inFlight();
    const atMs = Math.round(this.#elapsed());
    this.#records.push({ plannedMs, atMs, kind, what, inFlight, ...act() });
  }

  #target(name: string): ChaosTarget {
    const found = this.#ground.targets.find((target) => target.name === name);
    if (found === undefined) throw new RangeError(`There is no target ${name}.`);
    return found;
  }

  async #until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    while (!condition()) {
      if (this.#isOver() || performance.now() > endMs) return false;
      await this.#wait(POLL_MS);
    }
    return true;
  }

  async #wait(milliseconds: number): Promise<void> {
    if (milliseconds <= 0) return;
    await delay(milliseconds, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  #elapsed(): number {
    return performance.now() - this.#startedMs;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

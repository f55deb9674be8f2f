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

/** What the chaos needs of a {@link Forwarder}. */
export type DisturbedLink = Pick<Forwarder, 'connections' | 'holdAnswers' | 'reset' | 'heldBytes'>;

/** The system as the chaos sees it. */
export interface ChaosGround {
  readonly targets: readonly ChaosTarget[];
  readonly links: Readonly<Record<LinkName, DisturbedLink>>;
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
  /** It came too late: the target was not up again, or there was no time left for it. */
  readonly missed?: true;
  /** Until the target worked again; null: not by the end of the chaos. */
  upAgainMs?: number | null;
  readonly forMs?: number;
  readonly connections?: number;
  readonly droppedBytes?: number;
}

const POLL_MS = 25;
/** What is down is killed when it is up again, not while it starts, else nothing would ever be under way. */
const UP_TIMEOUT_MS = 30_000;
/** What waited for the same thing to come up does not strike all at once. */
const APART_MS = 4_000;
/** For the first disturbance of each link, when the machine is slow. */
const EXTRA_MS = 25_000;

/** Carries out a schedule of faults. */
export class Chaos {
  readonly #ground: ChaosGround;
  readonly #records: FaultRecord[] = [];
  readonly #over = new AbortController();
  readonly #frozen = new Set<number>();
  readonly #turns = new Map<LinkName, Promise<void>>();
  readonly #killed = new Set<string>();
  /** Links that were disturbed while they were in use. */
  readonly #met = new Set<LinkName>();
  #startedMs = 0;
  #durationMs = 0;

  constructor(ground: ChaosGround) {
    this.#ground = ground;
  }

  /** What was done so far, in the order in which it was finished. */
  get records(): readonly FaultRecord[] {
    return this.#records;
  }

  /**
   * Resolves when everything planned was done and undone, or at `signal`. What had to wait beyond `durationMs` is left
   * out, but for the first kill of each target and the first disturbance of each link.
   */
  async run(
    schedule: readonly PlannedFault[],
    durationMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    this.#startedMs = performance.now();
    this.#durationMs = durationMs;
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

  async #carryOut(planned: PlannedFault): Promise<unknown> {
    await this.#wait(planned.atMs - this.#elapsed());
    if (this.#isOver()) return;
    const { fault } = planned;
    switch (fault.kind) {
      case 'kill':
        return this.#kill(planned, fault.target);
      case 'freeze':
        return this.#freeze(planned, fault.target, fault.forMs);
      case 'cut':
        return this.#inTurn(fault.link, () => this.#disturb(planned, fault.link, 0));
      case 'drop-answers':
        return this.#inTurn(fault.link, () => this.#disturb(planned, fault.link, fault.forMs));
      case 'slow-fsync':
      case 'redeliver':
        return this.#note(planned, 'cloud', () => {
          this.#ground.disturbCloud(fault);
          return fault.kind === 'slow-fsync' ? { forMs: fault.forMs } : {};
        });
    }
  }

  /** One disturbance of a link after the other: a second one would only meet what the first has left. */
  async #inTurn(name: LinkName, work: () => Promise<void>): Promise<void> {
    const mine = (this.#turns.get(name) ?? Promise.resolve()).then(async () => {
      if (!this.#isOver()) await work();
    });
    this.#turns.set(name, mine);
    await mine;
  }

  async #kill(planned: PlannedFault, name: string): Promise<void> {
    const target = this.#target(name);
    if (!target.isUp() && (await this.#until(() => target.isUp(), UP_TIMEOUT_MS))) {
      await this.#wait(planned.atMs % APART_MS);
    }
    const isUpAtAll = await this.#until(() => target.isUp(), UP_TIMEOUT_MS);
    if (!isUpAtAll || (this.#isLate() && this.#killed.has(name))) {
      await this.#note(planned, name, () => ({ missed: true }));
      return;
    }
    this.#killed.add(name);
    let killed: readonly number[] = [];
    const record = await this.#note(planned, name, () => {
      killed = target.pids();
      for (const pid of killed) send(pid, 'SIGKILL');
      return { upAgainMs: null };
    });
    const startedMs = performance.now();
    const isBack = (): boolean =>
      target.isUp() && target.pids().every((pid) => !killed.includes(pid));
    const isUp = await this.#until(isBack, UP_TIMEOUT_MS);
    if (isUp) record.upAgainMs = Math.round(performance.now() - startedMs);
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

  /** Resets a link; before that it holds the answers back for so long. */
  async #disturb(planned: PlannedFault, name: LinkName, holdMs: number): Promise<void> {
    const link = this.#ground.links[name];
    await this.#untilRipe(name);
    if (this.#isTooLateFor(name)) {
      await this.#note(planned, name, () => ({ missed: true }));
      return;
    }
    const begunMs = performance.now();
    if (holdMs > 0) {
      link.holdAnswers();
      await this.#wait(holdMs);
    }
    const { connections = 0, inFlight } = await this.#note(planned, name, () => ({
      ...link.reset(),
      ...(holdMs > 0 ? { forMs: Math.round(performance.now() - begunMs) } : {}),
    }));
    const isMet = name !== 'lambda-gateway' || (holdMs > 0 && (inFlight.transactions ?? 0) > 0);
    if (connections > 0 && isMet) this.#met.add(name);
  }

  /**
   * Without anything to disturb a disturbance shows nothing: waits for a connection, and between Lambda host and Gateway
   * for a commit whose answer is still to come.
   */
  async #untilRipe(name: LinkName): Promise<void> {
    const link = this.#ground.links[name];
    while (!this.#isOver() && !this.#isTooLateFor(name)) {
      if (link.connections > 0 && (name !== 'lambda-gateway' || (await this.#isCommitting())))
        return;
      await this.#wait(POLL_MS);
    }
  }

  async #isCommitting(): Promise<boolean> {
    return ((await this.#ground.inFlight()).transactions ?? 0) > 0;
  }

  /** Looks what is under way, does it, and writes both down. */
  async #note(
    { atMs: plannedMs, fault: { kind } }: PlannedFault,
    what: string,
    act: () => Partial<FaultRecord>,
  ): Promise<FaultRecord> {
    const inFlight = await this.#ground.inFlight();
    const atMs = Math.round(this.#elapsed());
    const record = { plannedMs, atMs, kind, what, inFlight, ...act() };
    this.#records.push(record);
    return record;
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

  /** A link that has not been disturbed while it was in use gets more time. */
  #isTooLateFor(name: LinkName): boolean {
    return this.#elapsed() > this.#durationMs + (this.#met.has(name) ? 0 : EXTRA_MS);
  }

  #isLate(): boolean {
    return this.#elapsed() > this.#durationMs;
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

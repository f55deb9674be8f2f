import type { Clock } from '@pulseledger/domain';
import type { Owner, World } from './world.ts';

/** A process has ended in the middle of a synchronous call. */
export class Crashed extends Error {
  constructor() {
    super('the process has ended');
    this.name = 'Crashed';
  }
}

/** The other end went away. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';

  constructor() {
    super('the connection was lost');
    this.name = 'ConnectionLost';
  }
}

const NEVER: Promise<never> = new Promise(() => undefined);

/** One life of a program: what is in its memory ends with it. */
export class Process implements Owner {
  readonly name: string;
  readonly world: World;
  readonly clock: Clock;
  alive = true;
  stoppedUntilMs = 0;
  readonly #machine: Machine;
  readonly #endings = new Set<() => void>();

  constructor(world: World, machine: Machine, life: number) {
    this.world = world;
    this.name = `${machine.name}.${life}`;
    this.#machine = machine;
    this.clock = world.clockOf(this);
  }

  /** Calls when this process ends; the result takes that back. */
  onEnd(call: () => void): () => void {
    this.#endings.add(call);
    return () => {
      this.#endings.delete(call);
    };
  }

  /** Every place where the outside can be felt: the process may end here, or be stopped for a while. */
  point(site: string): void {
    if (!this.alive) return;
    const { choices } = this.world;
    if (choices.fault('crash', `${this.#machine.name}:${site}`)) {
      this.#machine.crash(`at ${site}`);
    } else if (choices.fault('stall', this.#machine.name)) {
      const ms = choices.pick(`stall of ${this.#machine.name}`, [1_000, 8_000, 40_000, 200_000]);
      this.stoppedUntilMs = this.world.nowMs + ms;
      this.world.note(this.name, `is stopped for ${ms} ms`);
    }
  }

  /** Like {@link point}, in the middle of something synchronous. @throws Crashed */
  syncPoint(site: string): void {
    this.point(site);
    if (!this.alive) throw new Crashed();
  }

  /** Waits for something outside that takes so long; a process that ends meanwhile never hears of it. */
  async wait(milliseconds: number, label: string): Promise<void> {
    this.point(label);
    if (!this.alive) return NEVER;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.world.after(
      milliseconds,
      label,
      () => {
        resolve(undefined);
      },
      this,
    );
    await promise;
  }

  end(): void {
    this.alive = false;
    for (const call of this.#endings) call();
    this.#endings.clear();
  }
}

export interface MachineOptions {
  readonly name: string;
  /** The program: made from its own constructors, over what is on the disk. */
  readonly start: (process: Process) => void | Promise<void>;
  /** What the disk makes of it; `power` = what was not synced may be lost. */
  readonly crashed?: (power: boolean) => void;
}

/** A machine whose program is started again after each end. */
export class Machine implements Owner {
  readonly name: string;
  readonly alive = true;
  readonly #world: World;
  readonly #options: MachineOptions;
  #lives = 0;
  #gone = false;
  process: Process | undefined;

  constructor(world: World, options: MachineOptions) {
    this.name = options.name;
    this.#world = world;
    this.#options = options;
  }

  get stoppedUntilMs(): number {
    return this.process?.stoppedUntilMs ?? 0;
  }

  get gone(): boolean {
    return this.#gone;
  }

  start(): void {
    if (this.#gone) return;
    const process = new Process(this.#world, this, ++this.#lives);
    this.process = process;
    this.#world.note(process.name, 'starts');
    Promise.try(this.#options.start, process).catch((error: unknown) => {
      if (process.alive) this.#world.violated(`${process.name} does not start: ${String(error)}`);
    });
  }

  crash(why: string): void {
    const { process } = this;
    if (process?.alive !== true) return;
    const power = this.#world.choices.fault('power', this.name);
    this.#world.note(process.name, `ENDS ${why}${power ? ', and the power is cut' : ''}`);
    this.#world.count(`ends of ${this.name.split('-')[0] ?? this.name}`);
    process.end();
    this.process = undefined;
    this.#options.crashed?.(power);
    const downMs = this.#world.choices.pick(`restart of ${this.name}`, [100, 500, 2_000, 15_000]);
    this.#world.after(downMs, 'restart', () => {
      this.start();
    });
  }

  /** Ends for ever, with its disk. */
  vanish(): void {
    this.#gone = true;
    this.process?.end();
    this.process = undefined;
    this.#world.note(this.name, 'is GONE for ever');
  }
}

/** A hop over the network, in milliseconds. */
export function hopMs({ choices }: World, site: string): number {
  if (choices.fault('slow', site)) return choices.pick('slow by', [500, 3_000, 12_000], site);
  return choices.pick('hop', [1, 1, 2, 5, 20], site);
}

/**
 * Calls another machine's program: the request or the answer may be lost with the connection, either end may crash at any
 * point, the answer may take long.
 * @throws ConnectionLost, and what the callee throws
 */
export async function callOver<T>(
  caller: Process,
  callee: Machine,
  site: string,
  handle: (process: Process) => Promise<T>,
): Promise<T> {
  const { world } = caller;
  caller.point(`${site}.call`);
  if (!caller.alive) return NEVER;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const back = (deliver: () => void): void => {
    world.after(hopMs(world, site), `${site} answered`, deliver, caller);
  };
  const lost = (): void => {
    reject(new ConnectionLost());
  };
  if (world.choices.fault('lost_request', site)) {
    back(lost);
  } else {
    const isAnswerLost = world.choices.fault('lost_answer', site);
    world.after(
      hopMs(world, site),
      site,
      () => {
        const process = callee.process;
        if (process?.alive !== true) {
          back(lost);
          return;
        }
        const unhook = process.onEnd(() => {
          back(lost);
        });
        handle(process).then(
          (value) => {
            unhook();
            back(
              isAnswerLost
                ? lost
                : () => {
                    resolve(value);
                  },
            );
          },
          (error: unknown) => {
            unhook();
            back(() => {
              reject(error instanceof Error ? error : new Error(String(error)));
            });
          },
        );
      },
      callee,
    );
  }
  const settled = promise.finally(() => {
    caller.point(`${site}.answer`);
  });
  const result = await settled;
  return hasEnded(caller) ? NEVER : result;
}

/** Asked anew after a wait, in which everything can have happened. */
function hasEnded({ alive }: Owner): boolean {
  return !alive;
}

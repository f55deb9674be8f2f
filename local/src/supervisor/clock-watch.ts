import { type Clock, SYSTEM_CLOCK } from '@pulseledger/domain';
import { STEADY_CLOCK } from '../steady-clock.ts';

const CHECK_MS = 2_000;
/** Less is what time services correct, or a machine that was busy. */
const TOLERATED_MS = 5_000;
const MS_PER_SECOND = 1_000;

/**
 * Says when the machine's clock is set while the system runs. Nothing of it is lost or recorded twice by that, but
 * what devices measure is refused for the time in which the ledger's clock and theirs are too far apart.
 */
export class ClockWatch {
  readonly #wall: Clock;
  readonly #steady: Clock;
  readonly #warn: (text: string) => void;
  #offsetMs: number;
  #cancel: () => void;

  constructor(
    warn: (text: string) => void,
    wall: Clock = SYSTEM_CLOCK,
    steady: Clock = STEADY_CLOCK,
  ) {
    this.#warn = warn;
    this.#wall = wall;
    this.#steady = steady;
    this.#offsetMs = this.#offset();
    this.#cancel = this.#later();
  }

  close(): void {
    this.#cancel();
  }

  #later(): () => void {
    return this.#steady.after(CHECK_MS, () => {
      this.#check();
      this.#cancel = this.#later();
    });
  }

  #check(): void {
    const offsetMs = this.#offset();
    const jumpMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    if (Math.abs(jumpMs) < TOLERATED_MS) return;
    const seconds = Math.round(Math.abs(jumpMs) / MS_PER_SECOND);
    this.#warn(
      `The clock of this machine was set ${jumpMs > 0 ? 'forward' : 'back'} by ${seconds} s, or it slept. ` +
        'Readings are neither lost nor doubled by that; those of devices whose clocks differ are quarantined ' +
        '(clock_out_of_range). Set it right, then: npm run quarantine -- redrive --reason clock_out_of_range',
    );
  }

  #offset(): number {
    return this.#wall.now() - this.#steady.now();
  }
}

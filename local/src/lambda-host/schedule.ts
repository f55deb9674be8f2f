import type { Clock } from '@pulseledger/domain';
import { errorCode, type Logger } from '../process/logger.ts';

export interface ScheduleOptions {
  readonly everyMs: number;
  readonly clock: Clock;
  readonly invoke: (event: object) => Promise<unknown>;
  readonly logger: Logger;
}

/**
 * Invokes a function again and again as an EventBridge schedule does, but never twice at the same time. What
 * fails is logged; the next turn is the retry.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  #cancel: () => void = () => undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** The first turn comes after one interval. */
  start(): void {
    const { clock, everyMs } = this.#options;
    if (this.#isStopped) return;
    this.#cancel = clock.after(everyMs, () => {
      this.#turn = this.#take().finally(() => {
        this.start();
      });
    });
  }

  /** Waits for the turn under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#turn;
  }

  async #take(): Promise<void> {
    const { clock, invoke, logger } = this.#options;
    try {
      // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
      const time = new Date(clock.now()).toISOString();
      await invoke({ source: 'aws.events', 'detail-type': 'Scheduled Event', time, detail: {} });
    } catch (error) {
      logger.log('error', 'invocation_failed', { code: errorCode(error) });
    }
  }
}

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { LEDGER_CHANNEL, SubmissionEvent } from '@pulseledger/ledger';

/** The built function brings its own copy of `ledger/`; the channel's name is what both share. */
const CHANNEL: typeof LEDGER_CHANNEL = 'pulseledger.ledger';
const COUNTS: Readonly<Partial<Record<SubmissionEvent['type'], number>>> = {
  submitting: 1,
  settled: -1,
};

/** How many transactions of the function in this process are with the orderer, their commit not yet known. */
export class SubmissionGauge {
  #submitted = 0;

  constructor() {
    subscribe(CHANNEL, this.#hear);
  }

  get submitted(): number {
    return this.#submitted;
  }

  close(): void {
    unsubscribe(CHANNEL, this.#hear);
  }

  readonly #hear = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    for (const [type, step] of Object.entries(COUNTS)) {
      if (message.type === type) this.#submitted += step;
    }
  };
}

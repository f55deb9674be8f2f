import { INTENT_LIFE_MS } from '@pulseledger/domain';
import type { LedgerCalls } from './ledger-calls.ts';

/** Intents that are remembered at a time; there are few emergencies without ordering. */
const MAX_INTENTS = 1_000;

interface Reading {
  readonly calls: LedgerCalls;
  readonly untilMs: number;
}

/**
 * Which permits are intents, of this process: a medic reads with them as with any other, and the organization's API asks
 * the ledger instead.
 */
export class IntentReads {
  readonly #readings = new Map<string, Reading>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @param calls As the API, with this intent. */
  remember(permitId: string, calls: LedgerCalls): void {
    const [oldest] = this.#readings.keys();
    if (this.#readings.size >= MAX_INTENTS && oldest !== undefined) this.#readings.delete(oldest);
    this.#readings.set(permitId, { calls, untilMs: this.#now() + INTENT_LIFE_MS });
  }

  /** Who reads instead, when the input's permit is an intent. */
  of(input: unknown): LedgerCalls | undefined {
    const permitId = input instanceof Object && 'permitId' in input ? input.permitId : undefined;
    const reading = typeof permitId === 'string' ? this.#readings.get(permitId) : undefined;
    return reading !== undefined && this.#now() < reading.untilMs ? reading.calls : undefined;
  }
}

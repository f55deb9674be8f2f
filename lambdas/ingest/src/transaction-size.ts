import { MAX_TRANSACTION_BYTES } from '@pulseledger/domain';
import type { TransactionOutcome } from '@pulseledger/ledger';
import type { PackLimits } from './pack.ts';

/** Half of what the contract takes at most. */
const MOST_CHUNKS = 100;
const FEWEST_CHUNKS = 5;
/** How much more is tried after everything went well. */
const GROWTH = 10;

/**
 * How many chunks go into one transaction, learnt from what the ledger manages in an invocation's time.
 *
 * An endorsement that is given up half-way costs the peers its whole work all the same. When the ledger is slow (an
 * overloaded host, a peer that catches up) full transactions would all be given up, come back and be begun again, and
 * never would one be done, although the ledger works all the time. So the size is halved when nothing was done in time,
 * and grows again slowly when everything was.
 */
export class TransactionSize {
  #chunks = MOST_CHUNKS;

  get limits(): PackLimits {
    return { chunks: this.#chunks, bytes: MAX_TRANSACTION_BYTES };
  }

  /** @param outcomes - of all transactions of one invocation. */
  learn(outcomes: readonly TransactionOutcome[]): void {
    const isAnyDone = outcomes.some(({ status }) => status === 'committed');
    const isAnyLate = outcomes.some(wasTooSlow);
    if (isAnyLate && !isAnyDone) {
      this.#chunks = Math.max(FEWEST_CHUNKS, Math.floor(this.#chunks / 2));
    } else if (isAnyDone && !isAnyLate) {
      this.#chunks = Math.min(MOST_CHUNKS, this.#chunks + GROWTH);
    }
  }
}

/** Its endorsement was asked for, but there was no answer in time. */
function wasTooSlow(outcome: TransactionOutcome): boolean {
  if (outcome.status !== 'failed' || outcome.times.endorseMs === 0) return false;
  return outcome.kind === 'timeout' || outcome.kind === 'out_of_time';
}

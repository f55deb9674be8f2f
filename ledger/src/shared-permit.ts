import { createHmac } from 'node:crypto';
import { PERMIT_LIFE_MS, type RecordClass } from '@pulseledger/domain';

/** How much longer than its period a permit lives at least: it is read with until the period ends. */
const SPARE_MS = 30_000;
const PERIOD_MS: number = PERMIT_LIFE_MS - SPARE_MS;
const ID_BYTES = 16;

/** A permit that every instance of a function finds by itself. */
export interface SharedPermit {
  readonly permitId: string;
  /** It lives at least so long, whoever opened it within the period. */
  readonly untilMs: number;
}

/**
 * The permit of a period, so that instances of a function that know nothing of each other make one entry in the patient's
 * log for one look: they find the same id, the first one commits it, and the others are told that it is there.
 *
 * @param key - secret: whoever reads the ledger must not find out by it who looks at whom.
 * @param chart - who looks, at whom, why.
 */
export function sharedPermit(
  key: Uint8Array,
  chart: string,
  recordClasses: readonly RecordClass[],
  nowMs: number,
): SharedPermit {
  const period = Math.floor(nowMs / PERIOD_MS);
  const text = JSON.stringify(['pulseledger/permit/1', chart, recordClasses.toSorted(), period]);
  const digest = createHmac('sha256', key).update(text).digest();
  const permitId = digest.subarray(0, ID_BYTES).toString('hex');
  return { permitId, untilMs: (period + 1) * PERIOD_MS + SPARE_MS };
}

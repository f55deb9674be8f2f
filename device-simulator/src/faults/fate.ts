import type { Reading } from '@pulseledger/domain';
import type { Fate } from '../truth-lines.ts';
import { DAY_MS } from './fault-plan.ts';

function endOf(reading: Reading): number {
  if ('sampled' in reading) {
    return reading.atMs + reading.sampled.periodMs * reading.sampled.data.length;
  }
  return reading.atMs + (reading.durationMs ?? 0);
}

/**
 * What must become of an honest device's chunk, by its times alone. A wrong clock is days ahead (see
 * `future`) or less than the contract's five minutes; nothing lies between, where the time that a
 * message takes would decide.
 *
 * @param assignedFromMs Since when the patient wears the device.
 * @param closedAtMs When the chunk was made, by the machine's clock.
 */
export function fateOf(
  readings: readonly Reading[],
  assignedFromMs: number,
  closedAtMs: number,
): Fate {
  if (readings.some(({ atMs }) => atMs < assignedFromMs)) return { quarantined: 'not_assigned' };
  const isAhead = readings.some((reading) => endOf(reading) > closedAtMs + DAY_MS);
  return isAhead ? { quarantined: 'clock_out_of_range' } : 'committed';
}

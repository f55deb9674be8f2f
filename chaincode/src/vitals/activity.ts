import type { BootActivity } from '@pulseledger/domain';

/** How a chunk came: the time it covers, when it was received, and the transaction's time. */
export interface Arrival {
  readonly startMs: number;
  readonly endMs: number;
  /** Undefined when ingest does not say. */
  readonly receivedAtMs: number | undefined;
  readonly nowMs: number;
}

function offsetOf({ endMs, receivedAtMs }: Arrival): number | null {
  return receivedAtMs === undefined ? null : receivedAtMs - endMs;
}

/** The lesser of two numbers, or the one that is there. */
function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** The greater of two numbers, or the one that is there. */
function greatest(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

/**
 * What is known of a boot after one more chunk. The clock's offset is that of the freshest chunk of one
 * transaction: chunks that waited in the device say nothing about its clock.
 */
export function withArrival(before: BootActivity | null, arrival: Arrival): BootActivity {
  const { startMs, endMs, receivedAtMs = null, nowMs } = arrival;
  const offset = offsetOf(arrival);
  if (before === null) {
    const measured = { measuredFromMs: startMs, measuredUntilMs: endMs };
    return { ...measured, receivedAtMs, committedAtMs: nowMs, clockOffsetMs: offset };
  }
  const isSameTransaction = before.committedAtMs === nowMs;
  return {
    measuredFromMs: Math.min(before.measuredFromMs, startMs),
    measuredUntilMs: Math.max(before.measuredUntilMs, endMs),
    receivedAtMs: greatest(before.receivedAtMs, receivedAtMs),
    committedAtMs: Math.max(before.committedAtMs, nowMs),
    clockOffsetMs: isSameTransaction ? least(before.clockOffsetMs, offset) : offset,
  };
}

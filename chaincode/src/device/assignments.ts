import { type Assignment, PulseError } from '@pulseledger/domain';

/** Assignments that one device can have in its life. */
const MAX_ASSIGNMENTS = 500;

function endOf({ untilMs }: Assignment): number {
  return untilMs ?? Infinity;
}

function overlap(a: Assignment, b: Assignment): boolean {
  return a.fromMs < endOf(b) && b.fromMs < endOf(a);
}

/**
 * Add an assignment. A reading belongs to whoever wore the device then, so no two may overlap.
 *
 * @throws PulseError `invalid_input` for an empty interval, `conflict` for an overlap or too many.
 */
export function withAssignment(
  assignments: readonly Assignment[],
  added: Assignment,
): readonly Assignment[] {
  if (added.fromMs >= endOf(added)) {
    throw new PulseError('invalid_input', 'The assignment ends before it starts.');
  }
  if (assignments.some((assignment) => overlap(assignment, added))) {
    throw new PulseError('conflict', 'The device is assigned for a part of that time already.');
  }
  if (assignments.length >= MAX_ASSIGNMENTS) {
    throw new PulseError('conflict', 'The device was assigned too often; register it anew.');
  }
  return [...assignments, added].sort((a, b) => a.fromMs - b.fromMs);
}

/**
 * End the assignment of this patient that covers the time just before.
 *
 * @throws PulseError `not_found` when the patient did not wear the device then.
 */
export function withEnd(
  assignments: readonly Assignment[],
  patientId: string,
  untilMs: number,
): readonly Assignment[] {
  const ended = assignments.find(
    (assignment) =>
      assignment.patientId === patientId &&
      assignment.fromMs < untilMs &&
      untilMs <= endOf(assignment),
  );
  if (ended === undefined) throw new PulseError('not_found', 'There is no such assignment.');
  return assignments.map((assignment) =>
    assignment === ended ? { ...ended, untilMs } : assignment,
  );
}

/** The assignment that covers this whole closed interval. */
export function assignmentDuring(
  assignments: readonly Assignment[],
  startMs: number,
  endMs: number,
): Assignment | undefined {
  return assignments.find(
    (assignment) => assignment.fromMs <= startMs && endMs < endOf(assignment),
  );
}

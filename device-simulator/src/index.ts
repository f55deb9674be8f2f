export { ATTACKS } from './attackers/attacks.ts';
export { type BackfillOptions, backfill } from './backfill/backfill.ts';
export { type Clock, FastClock, SystemClock } from './clock.ts';
export { type ChunkMakerInput, type MadeChunk, makeChunks } from './device/chunk-maker.ts';
export {
  type Enrol,
  type Enrolled,
  type EnrolmentRequest,
  enrolmentAt,
} from './device/enrolment.ts';
export { FAULTS } from './faults/fault-plan.ts';
export { type Fleet, type FleetOptions, startFleet } from './fleet/fleet.ts';
export { type ClosedWindow, Measurement, type MeasurementPlan } from './fleet/measurement.ts';
export type { FleetTotals } from './fleet/totals.ts';
export { Prng } from './prng.ts';
export { readSystemFile } from './system-file.ts';
export { readTruth } from './truth.ts';
export type {
  Fate,
  Loss,
  TruthAnswered,
  TruthAttempt,
  TruthChunk,
  TruthCopy,
  TruthDevice,
  TruthLine,
  TruthPublished,
} from './truth-lines.ts';

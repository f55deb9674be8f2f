import { LATEST_MOMENT_MS } from '../identifiers.ts';
import type { RecordKey } from '../record/keys.ts';

const MOMENT_DIGITS = String(LATEST_MOMENT_MS).length;

function momentAttribute(atMs: number): string {
  return String(atMs).padStart(MOMENT_DIGITS, '0');
}

/** Keys of a patient's alarms, all in the providers' collection. */
export const ALARM_KEYS: {
  /** The one document that ingest services write. */
  readonly alarms: (patientId: string) => RecordKey;
  /** Settings, the latest first. */
  readonly watchSettings: (patientId: string, atMs: number, entryId: string) => RecordKey;
  /** Acknowledgements and snoozes, the earliest first. */
  readonly watchDeed: (patientId: string, atMs: number, entryId: string) => RecordKey;
  /** Where the deeds since a moment begin. */
  readonly watchDeedsSince: (patientId: string, atMs: number) => RecordKey;
} = {
  alarms: (patientId) => ({ objectType: 'alarms', attributes: [patientId] }),
  watchSettings: (patientId, atMs, entryId) => ({
    objectType: 'watch-settings',
    attributes: [patientId, momentAttribute(LATEST_MOMENT_MS - atMs), entryId],
  }),
  watchDeed: (patientId, atMs, entryId) => ({
    objectType: 'watch-deed',
    attributes: [patientId, momentAttribute(atMs), entryId],
  }),
  watchDeedsSince: (patientId, atMs) => ({
    objectType: 'watch-deed',
    attributes: [patientId, momentAttribute(atMs)],
  }),
};

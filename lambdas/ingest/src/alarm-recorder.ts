import { randomBytes } from 'node:crypto';
import {
  type AlarmRecording,
  type AlarmRecordingResult,
  type DeviceMoment,
  type PatientAlarms,
  SALT_BYTES,
} from '@pulseledger/domain';
import {
  type LedgerTransaction,
  parseRecordAlarmsResult,
  recordAlarmsTransaction,
  type TransactionOutcome,
} from '@pulseledger/ledger';

/** Patients in one transaction: a conflict over one of them costs the others little. */
const PATIENTS_AT_ONCE = 20;

/** A patient's alarms as they have become. */
export interface ChangedAlarms {
  /** With the revision of what is on the ledger. */
  readonly patient: PatientAlarms;
  readonly devices: readonly DeviceMoment[];
}

/** What became of a patient's alarms. */
export type AlarmsWritten =
  | { readonly status: 'recorded'; readonly blockNumber: number }
  | { readonly status: 'again' };

/** Writes patients' alarms to the ledger. */
export interface AlarmRecorder {
  /** One answer a patient, in order; `again` when they must be evaluated anew. */
  readonly record: (
    changed: readonly ChangedAlarms[],
    giveUpAtMs: number,
  ) => Promise<readonly AlarmsWritten[]>;
}

/** Submits transactions side by side; see `BatchSigner.submitAll`. */
export type SubmitBefore = (
  transactions: readonly LedgerTransaction[],
  giveUpAtMs: number,
) => Promise<readonly TransactionOutcome[]>;

function recordingOf({ patient, devices }: ChangedAlarms): AlarmRecording {
  const { patientId, revision: baseRevision, state } = patient;
  return {
    ...{ patientId, devices, baseRevision, state },
    saltHex: randomBytes(SALT_BYTES).toString('hex'),
  };
}

function writtenOf(
  outcome: TransactionOutcome | undefined,
  patients: number,
): readonly AlarmsWritten[] {
  const results: readonly (AlarmRecordingResult | undefined)[] =
    outcome?.status === 'committed' ? parseRecordAlarmsResult(outcome.result).results : [];
  const blockNumber = outcome?.status === 'committed' ? Number(outcome.blockNumber) : 0;
  return Array.from({ length: patients }, (_, index) =>
    results[index] === 'recorded' ? { status: 'recorded', blockNumber } : { status: 'again' },
  );
}

/** Writes with as few transactions as there need be. */
export function alarmRecorder(submit: SubmitBefore): AlarmRecorder {
  return {
    record: async (changed, giveUpAtMs) => {
      const loads: ChangedAlarms[][] = [];
      for (let at = 0; at < changed.length; at += PATIENTS_AT_ONCE) {
        loads.push(changed.slice(at, at + PATIENTS_AT_ONCE));
      }
      const transactions = loads.map((load) =>
        recordAlarmsTransaction({ patients: load.map(recordingOf) }),
      );
      const outcomes = await submit(transactions, giveUpAtMs);
      return loads.flatMap((load, index) => writtenOf(outcomes[index], load.length));
    },
  };
}

import {
  ALARM_KEYS,
  type AlarmRecording,
  type AlarmRecordingResult,
  AlarmStatesInput,
  type AlarmStatesOutput,
  AlarmsDocument,
  DEFAULT_SETTINGS,
  DeviceDocument,
  type PatientAlarms,
  PulseError,
  RECORD_KEYS,
  RecordAlarmsInput,
  type RecordAlarmsOutput,
  type Wearer,
} from '@pulseledger/domain';
import { assignmentDuring } from '../device/assignments.ts';
import { deviceStatus } from '../device/status.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { storedAlarms } from './stored-alarms.ts';

async function alarmsOf(stub: LedgerStub, patientId: string): Promise<PatientAlarms> {
  const { revision, state, settings } = await storedAlarms(stub, patientId);
  const { limits, noDataAfterMs, news2Excluded } = settings ?? DEFAULT_SETTINGS;
  return { patientId, revision, state, settings: { limits, noDataAfterMs, news2Excluded } };
}

/** What the custodian's ingest service needs to evaluate readings of these devices, in one call. */
async function alarmStates(call: Call<AlarmStatesInput>): Promise<AlarmStatesOutput> {
  const { stub, input } = call;
  const wearers: Wearer[] = [];
  const patients = new Map<string, PatientAlarms>();
  for (const device of input.devices) {
    const { patientId, pseudonym } = await deviceStatus(call, device);
    wearers.push({ deviceId: device.deviceId, patientId, pseudonym });
    if (patientId === null || patients.has(patientId)) continue;
    patients.set(patientId, await alarmsOf(stub, patientId));
  }
  return { wearers, patients: [...patients.values()] };
}

/** Did the patient wear all these devices, of the caller's custody, at these times? */
async function areWorn(
  { stub, caller }: Call<unknown>,
  { patientId, devices }: AlarmRecording,
): Promise<boolean> {
  for (const { deviceId, atMs } of devices) {
    const device = await readDocument(stub, RECORD_KEYS.device(deviceId), DeviceDocument);
    if (device?.custodian !== caller.mspId) return false;
    if (assignmentDuring(device.assignments, atMs, atMs)?.patientId !== patientId) return false;
  }
  return true;
}

async function recordOne(
  call: Call<unknown>,
  recording: AlarmRecording,
): Promise<AlarmRecordingResult> {
  const { stub } = call;
  const { patientId, baseRevision, state, saltHex } = recording;
  if (!(await areWorn(call, recording))) return 'refused';
  const key = ALARM_KEYS.alarms(patientId);
  const known = await readDocument(stub, key, AlarmsDocument);
  if ((known?.revision ?? 0) !== baseRevision) return 'stale';
  const document: AlarmsDocument = { patientId, revision: baseRevision + 1, state, saltHex };
  await writeDocument(stub, key, document);
  return 'recorded';
}

/**
 * Write the alarms of patients whose readings changed them. Who evaluated an older state is told so and evaluates again:
 * two services at work side by side cannot undo each other's alarms, and the same call twice changes nothing.
 */
async function recordAlarms(call: Call<RecordAlarmsInput>): Promise<RecordAlarmsOutput> {
  const { patients } = call.input;
  const named = new Set(patients.map(({ patientId }) => patientId));
  if (named.size < patients.length) {
    throw new PulseError('invalid_input', 'A patient is named twice.');
  }
  const results: AlarmRecordingResult[] = [];
  for (const recording of patients) results.push(await recordOne(call, recording));
  return { results };
}

export const ALARM_STATES: TransactionFunction<AlarmStatesInput> = {
  name: 'vitals:AlarmStates',
  input: inputOf(AlarmStatesInput),
  run: alarmStates,
};

export const RECORD_ALARMS: TransactionFunction<RecordAlarmsInput> = {
  name: 'vitals:RecordAlarms',
  input: inputOf(RecordAlarmsInput),
  run: recordAlarms,
};

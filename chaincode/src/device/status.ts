import {
  DeviceDocument,
  DeviceStatusInput,
  type DeviceStatusOutput,
  PatientDocument,
  RECORD_KEYS,
} from '@pulseledger/domain';
import { patientView } from '../care/read-patient.ts';
import { readDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { assignmentDuring } from './assignments.ts';
import { statusOf } from './read.ts';

/** Who wore a device at a time; a device of another custodian is unknown. */
export async function deviceStatus(
  { stub, caller }: Pick<Call<unknown>, 'stub' | 'caller'>,
  input: DeviceStatusInput,
): Promise<DeviceStatusOutput> {
  const device = await readDocument(stub, RECORD_KEYS.device(input.deviceId), DeviceDocument);
  if (device?.custodian !== caller.mspId) {
    return { status: 'unknown', patientId: null, pseudonym: null };
  }
  const worn = assignmentDuring(device.assignments, input.atMs, input.atMs);
  const { status: state } = statusOf(device);
  if (worn === undefined) return { status: state, patientId: null, pseudonym: null };
  const patient = await readDocument(stub, RECORD_KEYS.patient(worn.patientId), PatientDocument);
  const pseudonym = patient === undefined ? null : patientView(patient).pseudonym;
  return { status: state, patientId: worn.patientId, pseudonym };
}

/** Whom an ingest service has to hint after a commit. */
function status(call: Call<DeviceStatusInput>): Promise<DeviceStatusOutput> {
  return deviceStatus(call, call.input);
}

export const DEVICE_STATUS: TransactionFunction<DeviceStatusInput> = {
  name: 'device:Status',
  input: inputOf(DeviceStatusInput),
  run: status,
};

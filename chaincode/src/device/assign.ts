import {
  AssignDeviceInput,
  type ChangeOutput,
  EndAssignmentInput,
  PulseError,
  RECORD_KEYS,
  type WornDocument,
} from '@pulseledger/domain';
import { exists, writeDocument } from '../store/documents.ts';
import { UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { withAssignment, withEnd } from './assignments.ts';
import { changeDevice, custodiansDevice } from './custody.ts';

async function assign(call: Call<AssignDeviceInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const { deviceId, patientId, fromMs, untilMs } = input;
  const device = await custodiansDevice(call, deviceId);
  const repeated = device.assignments.some(
    (known) =>
      known.patientId === patientId && known.fromMs === fromMs && known.untilMs === untilMs,
  );
  if (repeated) return UNCHANGED;
  if (device.revokedSinceMs !== null) {
    throw new PulseError('conflict', 'The registration of the device is revoked.');
  }
  if (!(await exists(stub, RECORD_KEYS.patient(patientId)))) {
    throw new PulseError('not_found', 'There is no such patient.');
  }
  const assignments = withAssignment(device.assignments, { patientId, fromMs, untilMs });
  const worn: WornDocument = { patientId, deviceId, saltHex: device.saltHex };
  await writeDocument(stub, RECORD_KEYS.worn(patientId, deviceId), worn);
  return changeDevice(call, device, { assignments, latestHour: null });
}

async function endAssignment(call: Call<EndAssignmentInput>): Promise<ChangeOutput> {
  const { deviceId, patientId, untilMs } = call.input;
  const device = await custodiansDevice(call, deviceId);
  const repeated = device.assignments.some(
    (known) => known.patientId === patientId && known.untilMs === untilMs,
  );
  if (repeated) return UNCHANGED;
  return changeDevice(call, device, {
    assignments: withEnd(device.assignments, patientId, untilMs),
    latestHour: null,
  });
}

export const ASSIGN_DEVICE: TransactionFunction<AssignDeviceInput> = {
  name: 'device:Assign',
  input: inputOf(AssignDeviceInput),
  run: assign,
};

export const END_ASSIGNMENT: TransactionFunction<EndAssignmentInput> = {
  name: 'device:EndAssignment',
  input: inputOf(EndAssignmentInput),
  run: endAssignment,
};

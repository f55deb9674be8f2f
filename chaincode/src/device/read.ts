import {
  type Assignment,
  DeviceDocument,
  type DeviceView,
  type ListDevicesOutput,
  PulseError,
  RECORD_KEYS,
  ReadDeviceInput,
  ReadPatientInput,
  WornDocument,
} from '@pulseledger/domain';
import { requireReader } from '../access/reader.ts';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Devices of one patient that are listed. */
const MAX_DEVICES = 200;

/** State of a registration: revoked outweighs lost. */
export function statusOf(device: DeviceDocument): Pick<DeviceView, 'status' | 'sinceMs'> {
  if (device.revokedSinceMs !== null) return { status: 'revoked', sinceMs: device.revokedSinceMs };
  if (device.lostSinceMs !== null) return { status: 'lost', sinceMs: device.lostSinceMs };
  return { status: 'active', sinceMs: null };
}

function viewOf(device: DeviceDocument, assignments: readonly Assignment[]): DeviceView {
  const { deviceId, manufacturer, model, serial } = device;
  return { deviceId, manufacturer, model, serial, ...statusOf(device), assignments };
}

/**
 * Those assignments that the caller may see: all as the custodian, else those of the patient whose
 * chart is open.
 *
 * @throws PulseError `chart_closed`, `access_denied`.
 */
export async function visibleAssignments(
  call: Call<ReadDeviceInput>,
  device: DeviceDocument | undefined,
): Promise<readonly Assignment[]> {
  if (call.caller.role === 'administrator') {
    return device?.custodian === call.caller.mspId ? device.assignments : [];
  }
  const { patientId, permitId } = call.input;
  if (patientId === undefined || permitId === undefined) throw new PulseError('chart_closed');
  await requireReader(call, { patientId, permitId }, 'device');
  return (device?.assignments ?? []).filter((one) => one.patientId === patientId);
}

/** An unknown device and one that is none of the caller's business get the same answer. */
async function read(call: Call<ReadDeviceInput>): Promise<DeviceView> {
  const { stub, caller, input } = call;
  const device = await readDocument(stub, RECORD_KEYS.device(input.deviceId), DeviceDocument);
  const assignments = await visibleAssignments(call, device);
  if (device !== undefined) {
    const isCustodian = caller.role === 'administrator' && device.custodian === caller.mspId;
    if (isCustodian || assignments.length > 0) return viewOf(device, assignments);
  }
  throw new PulseError('not_found', 'There is no such device.');
}

async function listByPatient(call: Call<ReadPatientInput>): Promise<ListDevicesOutput> {
  const { stub, input } = call;
  await requireReader(call, input, 'device');
  const prefix = { objectType: 'worn', attributes: [input.patientId] };
  const devices: DeviceView[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { deviceId } = parseDocument(value, WornDocument);
    const device = await readDocument(stub, RECORD_KEYS.device(deviceId), DeviceDocument);
    if (device === undefined) continue;
    const own = device.assignments.filter(({ patientId }) => patientId === input.patientId);
    devices.push(viewOf(device, own));
    if (devices.length === MAX_DEVICES) break;
  }
  return { devices };
}

export const READ_DEVICE: TransactionFunction<ReadDeviceInput> = {
  name: 'device:Read',
  input: inputOf(ReadDeviceInput),
  run: read,
};

export const LIST_DEVICES: TransactionFunction<ReadPatientInput> = {
  name: 'device:ListByPatient',
  input: inputOf(ReadPatientInput),
  run: listByPatient,
};

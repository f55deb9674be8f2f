import {
  type Alarm,
  DEFAULT_SETTINGS,
  DeviceDocument,
  isOpen,
  noDataAlarm,
  openAlarms,
  RECORD_KEYS,
  ReadAlarmsInput,
  type ReadAlarmsOutput,
  WornDocument,
  withDeed,
} from '@pulseledger/domain';
import { requireReader } from '../access/reader.ts';
import { assignmentDuring } from '../device/assignments.ts';
import { statusOf } from '../device/read.ts';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { type StoredAlarms, storedAlarms } from './stored-alarms.ts';

const DAY_MS = 86_400_000;

/** Is this device on this patient now, and meant to work? */
function isInUse(device: DeviceDocument, patientId: string, nowMs: number): boolean {
  const worn = assignmentDuring(device.assignments, nowMs, nowMs);
  return worn?.patientId === patientId && statusOf(device).status === 'active';
}

/** The devices that the patient wears now. */
async function devicesInUse(
  stub: LedgerStub,
  patientId: string,
  nowMs: number,
): Promise<DeviceDocument[]> {
  const prefix = { objectType: 'worn', attributes: [patientId] };
  const devices: DeviceDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { deviceId } = parseDocument(value, WornDocument);
    const device = await readDocument(stub, RECORD_KEYS.device(deviceId), DeviceDocument);
    if (device !== undefined && isInUse(device, patientId, nowMs)) devices.push(device);
  }
  return devices;
}

/** Alarms of devices that say nothing: they follow from the time, so nobody had to record them. */
function silentDevices(
  devices: readonly DeviceDocument[],
  { settings, deeds }: StoredAlarms,
  nowMs: number,
): Alarm[] {
  const { noDataAfterMs } = settings ?? DEFAULT_SETTINGS;
  return devices.flatMap(({ deviceId, activity }) => {
    const measuredUntilMs = activity?.measuredUntilMs ?? null;
    const alarm = noDataAlarm({ deviceId, measuredUntilMs }, noDataAfterMs, nowMs);
    return alarm === undefined ? [] : [deeds.reduce(withDeed, alarm)];
  });
}

async function readAlarms(call: Call<ReadAlarmsInput>): Promise<ReadAlarmsOutput> {
  const { stub, input, nowMs } = call;
  const { patientId } = input;
  await requireReader(call, input, 'vitals');
  const stored = await storedAlarms(stub, patientId, nowMs - DAY_MS);
  const devices = await devicesInUse(stub, patientId, nowMs);
  const worn = new Set(devices.map(({ deviceId }) => deviceId));
  const { settings, scale2 } = stored;
  const { closed, historical } = stored.state;
  const all = openAlarms(stored.state, silentDevices(devices, stored, nowMs), nowMs);
  const open = all.filter((alarm) => isOpen(alarm, worn.has(alarm.deviceId)));
  return { open, closed, historical, settings, scale2 };
}

export const READ_ALARMS: TransactionFunction<ReadAlarmsInput> = {
  name: 'vitals:ReadAlarms',
  input: inputOf(ReadAlarmsInput),
  run: readAlarms,
};

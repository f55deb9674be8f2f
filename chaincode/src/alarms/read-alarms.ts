import {
  type Alarm,
  DEFAULT_SETTINGS,
  DeviceDocument,
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

/** Alarms of devices that say nothing: they follow from the time, so nobody had to record them. */
async function silentDevices(
  stub: LedgerStub,
  patientId: string,
  { settings, deeds }: StoredAlarms,
  nowMs: number,
): Promise<Alarm[]> {
  const { noDataAfterMs } = settings ?? DEFAULT_SETTINGS;
  const prefix = { objectType: 'worn', attributes: [patientId] };
  const alarms: Alarm[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { deviceId } = parseDocument(value, WornDocument);
    const device = await readDocument(stub, RECORD_KEYS.device(deviceId), DeviceDocument);
    if (device === undefined || !isInUse(device, patientId, nowMs)) continue;
    const measuredUntilMs = device.activity?.measuredUntilMs ?? null;
    const alarm = noDataAlarm({ deviceId, measuredUntilMs }, noDataAfterMs, nowMs);
    if (alarm !== undefined) alarms.push(deeds.reduce(withDeed, alarm));
  }
  return alarms;
}

async function readAlarms(call: Call<ReadAlarmsInput>): Promise<ReadAlarmsOutput> {
  const { stub, input, nowMs } = call;
  const { patientId } = input;
  await requireReader(call, input, 'vitals');
  const stored = await storedAlarms(stub, patientId, nowMs - DAY_MS);
  const silent = await silentDevices(stub, patientId, stored, nowMs);
  const { closed, historical } = stored.state;
  const open = openAlarms(stored.state, silent, nowMs);
  const { settings, scale2 } = stored;
  return { open, closed, historical, settings, scale2 };
}

export const READ_ALARMS: TransactionFunction<ReadAlarmsInput> = {
  name: 'vitals:ReadAlarms',
  input: inputOf(ReadAlarmsInput),
  run: readAlarms,
};

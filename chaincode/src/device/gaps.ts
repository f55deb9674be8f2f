import {
  BootDocument,
  DeviceDocument,
  type DeviceGaps,
  ListGapsInput,
  type ListGapsOutput,
  PulseError,
  RECORD_KEYS,
  ReadDeviceInput,
  type RecordKey,
  splitCompositeKey,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';
import { type Boot, gapReport, visibleBoot, wholeBoot } from './gap-report.ts';
import { visibleAssignments } from './read.ts';

/** A page ends early after this many devices, those of other custodians among them. */
const MAX_SCANNED_DEVICES = 2_000;

/** Earlier boots, each in a document of its own, and the highest, which is in the device's. */
async function bootsOf(stub: LedgerStub, device: DeviceDocument): Promise<Boot[]> {
  const prefix = { objectType: 'boot', attributes: [device.deviceId] };
  const boots: Boot[] = [];
  for await (const { key, value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { ranges, activity } = parseDocument(value, BootDocument);
    boots.push(wholeBoot(Number(splitCompositeKey(key)?.attributes[1]), ranges, activity));
  }
  const { boot, ranges, activity } = device;
  return boot === null ? boots : [...boots, wholeBoot(boot, ranges, activity)];
}

/**
 * Which readings of a device are missing. The custodian's administrator sees every boot; a reader those
 * that measured while one of the reader's patients wore the device. An unknown device and one that is
 * none of the caller's business get the same answer.
 */
async function readGaps(call: Call<ReadDeviceInput>): Promise<DeviceGaps> {
  const { stub, caller, input, nowMs } = call;
  const device = await readDocument(stub, RECORD_KEYS.device(input.deviceId), DeviceDocument);
  const assignments = await visibleAssignments(call, device);
  if (device !== undefined) {
    if (caller.role === 'administrator' && device.custodian === caller.mspId) {
      return gapReport(device, await bootsOf(stub, device), nowMs);
    }
    if (assignments.length > 0) {
      const boots = await bootsOf(stub, device);
      const visible = boots.flatMap((boot) => visibleBoot(boot, assignments));
      return gapReport(device, visible, nowMs);
    }
  }
  throw new PulseError('not_found', 'There is no such device.');
}

const ALL_DEVICES: RecordKey = { objectType: 'device', attributes: [] };

/** The devices of the caller's organization, a page at a time. */
async function listGaps(call: Call<ListGapsInput>): Promise<ListGapsOutput> {
  const { stub, caller, input, nowMs } = call;
  const { pageSize, bookmark } = input;
  const start =
    bookmark === undefined ? rangeStart(ALL_DEVICES) : rangeAfter(RECORD_KEYS.device(bookmark));
  const own: DeviceDocument[] = [];
  let scanned = 0;
  let last: string | undefined;
  for await (const { value } of entries(stub, start, rangeEnd(ALL_DEVICES))) {
    const device = parseDocument(value, DeviceDocument);
    if (own.length === pageSize || scanned === MAX_SCANNED_DEVICES) {
      return { devices: await reportsOf(stub, own, nowMs), bookmark: last };
    }
    scanned += 1;
    last = device.deviceId;
    if (device.custodian === caller.mspId) own.push(device);
  }
  return { devices: await reportsOf(stub, own, nowMs) };
}

async function reportsOf(
  stub: LedgerStub,
  devices: readonly DeviceDocument[],
  nowMs: number,
): Promise<DeviceGaps[]> {
  const reports: DeviceGaps[] = [];
  for (const device of devices) {
    reports.push(gapReport(device, await bootsOf(stub, device), nowMs));
  }
  return reports;
}

export const READ_GAPS: TransactionFunction<ReadDeviceInput> = {
  name: 'device:ReadGaps',
  input: inputOf(ReadDeviceInput),
  run: readGaps,
};

export const LIST_GAPS: TransactionFunction<ListGapsInput> = {
  name: 'device:ListGaps',
  input: inputOf(ListGapsInput),
  run: listGaps,
};

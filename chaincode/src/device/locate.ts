import {
  DeviceDocument,
  LocateDeviceInput,
  type LocateDeviceOutput,
  RECORD_KEYS,
} from '@pulseledger/domain';
import { mayOpen } from '../access/reader.ts';
import { readDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/**
 * Whose chart to open to see a device: the patients who wear or wore it, at the moment if one is
 * named, and whose devices the caller may see. It shows nothing else, and so needs no permit.
 */
async function locate(call: Call<LocateDeviceInput>): Promise<LocateDeviceOutput> {
  const { deviceId, atMs } = call.input;
  const device = await readDocument(call.stub, RECORD_KEYS.device(deviceId), DeviceDocument);
  const worn = (device?.assignments ?? []).filter(
    ({ fromMs, untilMs }) =>
      atMs === undefined || (fromMs <= atMs && (untilMs === null || atMs < untilMs)),
  );
  const patientIds: string[] = [];
  for (const patientId of new Set(worn.map((one) => one.patientId))) {
    if (await mayOpen(call, patientId, 'device')) patientIds.push(patientId);
  }
  return { patientIds };
}

export const LOCATE_DEVICE: TransactionFunction<LocateDeviceInput> = {
  name: 'device:Locate',
  input: inputOf(LocateDeviceInput),
  run: locate,
};

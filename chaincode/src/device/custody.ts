import { type ChangeOutput, DeviceDocument, PulseError, RECORD_KEYS } from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call } from '../transaction/invoke.ts';

/**
 * A registered device whose custodian the caller's organization is.
 *
 * @throws PulseError `not_found`, `access_denied` for another custodian's device.
 */
export async function custodiansDevice(
  { stub, caller }: Call<unknown>,
  deviceId: string,
): Promise<DeviceDocument> {
  const device = await readDocument(stub, RECORD_KEYS.device(deviceId), DeviceDocument);
  if (device === undefined) throw new PulseError('not_found', 'There is no such device.');
  if (device.custodian !== caller.mspId) {
    throw new PulseError('access_denied', 'Only the organization that registered it may do this.');
  }
  return device;
}

/** Write a device's document back with some fields changed. */
export async function changeDevice(
  { stub }: Call<unknown>,
  device: DeviceDocument,
  change: Partial<DeviceDocument>,
): Promise<ChangeOutput> {
  await writeDocument(stub, RECORD_KEYS.device(device.deviceId), { ...device, ...change });
  return CHANGED;
}

import {
  type ChangeOutput,
  DeviceDocument,
  PulseError,
  RECORD_KEYS,
  RegisterDeviceInput,
} from '@pulseledger/domain';
import { parsePublicKey } from '../crypto.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

const STATED = ['publicKeySpkiBase64', 'manufacturer', 'model', 'serial'] as const;

/** The caller's organization becomes the custodian of the device. */
async function register({ stub, caller, input }: Call<RegisterDeviceInput>): Promise<ChangeOutput> {
  parsePublicKey(input.publicKeySpkiBase64);
  const key = RECORD_KEYS.device(input.deviceId);
  const known = await readDocument(stub, key, DeviceDocument);
  if (known !== undefined) {
    const same =
      known.custodian === caller.mspId && STATED.every((field) => known[field] === input[field]);
    if (same) return UNCHANGED;
    throw new PulseError('conflict', 'The device is registered otherwise already.');
  }
  const document: DeviceDocument = {
    ...input,
    custodian: caller.mspId,
    lostSinceMs: null,
    revokedSinceMs: null,
    assignments: [],
    boot: null,
    ranges: [],
    activity: null,
    latestHour: null,
  };
  await writeDocument(stub, key, document);
  return CHANGED;
}

export const REGISTER_DEVICE: TransactionFunction<RegisterDeviceInput> = {
  name: 'device:Register',
  input: inputOf(RegisterDeviceInput),
  run: register,
};

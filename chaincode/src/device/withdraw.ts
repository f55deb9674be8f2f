import { type ChangeOutput, SinceInput } from '@pulseledger/domain';
import { UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { changeDevice, custodiansDevice } from './custody.ts';

/** A later report can only tell of an earlier loss; nothing is taken back. */
async function withdraw(
  call: Call<SinceInput>,
  field: 'lostSinceMs' | 'revokedSinceMs',
): Promise<ChangeOutput> {
  const { deviceId, sinceMs } = call.input;
  const device = await custodiansDevice(call, deviceId);
  const before = device[field];
  if (before !== null && before <= sinceMs) return UNCHANGED;
  return changeDevice(call, device, { [field]: sinceMs });
}

/** Readings from this moment on are refused; earlier ones may still come in. */
export const REPORT_LOST: TransactionFunction<SinceInput> = {
  name: 'device:ReportLost',
  input: inputOf(SinceInput),
  run: (call) => withdraw(call, 'lostSinceMs'),
};

/**
 * The key is not trusted any more: nothing new is recorded, whatever time it states, because a
 * leaked key can sign any time. The moment is kept for readers, who may doubt what came after it.
 */
export const REVOKE_DEVICE: TransactionFunction<SinceInput> = {
  name: 'device:Revoke',
  input: inputOf(SinceInput),
  run: (call) => withdraw(call, 'revokedSinceMs'),
};

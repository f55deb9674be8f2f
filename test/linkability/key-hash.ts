import { createHash } from 'node:crypto';
import { compositeKey, type RecordKey } from '@pulseledger/domain';

/** A key of the providers' collection as it stands in blocks. */
export function hashOf(key: RecordKey): string {
  return `providers/${createHash('sha256').update(compositeKey(key)).digest('hex')}`;
}

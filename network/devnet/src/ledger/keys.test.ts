import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  afterPrefix,
  blockKey,
  decodeExpiryKey,
  decodeHistoryKey,
  decodeMissingKey,
  decodeTransientKey,
  expiryKey,
  expiryPrefix,
  historyKey,
  historyPrefix,
  missingKey,
  transientKey,
} from './keys.ts';

const number = fc.oneof(fc.nat(70_000), fc.constantFrom(255, 256, 65_535, 2 ** 48 - 1));
const index = fc.oneof(fc.nat(1000), fc.constant(2 ** 32 - 1));
const name = fc.constantFrom('pulse', 'HospitalMSP', 'providers', 'é');
const anyKey = fc.string({ unit: 'binary' });

describe('database keys', () => {
  it('of one prefix lie between it and the key after it, and no others do', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 4 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        fc.pre(prefix.some((byte) => byte !== 0xff));
        const within =
          Buffer.compare(key, prefix) >= 0 && Buffer.compare(key, afterPrefix(prefix)) < 0;
        expect(within).toBe(key.subarray(0, prefix.length).equals(prefix));
      }),
      { numRuns: 2000 },
    );
  });

  it('of numbers are ordered as the numbers are', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Buffer.compare(blockKey(a), blockKey(b))).toBe(Math.sign(a - b));
      }),
    );
  });

  it('of everything that expires with a block lie under its prefix, whatever the number', () => {
    fc.assert(
      fc.property(name, number, number, name, (mspId, expiring, block, namespace) => {
        const writes = { block, namespace, collection: 'providers' };
        const key = expiryKey(mspId, expiring, writes);
        const prefix = expiryPrefix(mspId, expiring);
        expect(Buffer.compare(key, prefix)).toBe(1);
        expect(Buffer.compare(key, afterPrefix(prefix))).toBe(-1);
        expect(decodeExpiryKey(key, prefix)).toEqual(writes);
      }),
    );
  });

  it('give back what they were made of', () => {
    fc.assert(
      fc.property(anyKey, name, number, index, (text, mspId, block, transaction) => {
        const prefix = historyPrefix('pulse', text);
        expect(decodeHistoryKey(historyKey(prefix, { block, transaction }), prefix)).toEqual({
          block,
          transaction,
        });
        const missing = { mspId, block, transaction, namespace: 'pulse', collection: 'brief' };
        expect(decodeMissingKey(missingKey(missing))).toEqual(missing);
        const held = transientKey(mspId, 'tx', block, transaction);
        expect(decodeTransientKey(held)).toEqual({
          mspId,
          txId: 'tx',
          height: block,
          serial: transaction,
        });
      }),
    );
  });
});

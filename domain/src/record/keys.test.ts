import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  chunkKeyText,
  compositeKey,
  hourOf,
  parseChunkKeyText,
  RECORD_KEYS,
  splitCompositeKey,
} from './keys.ts';
import { CloseHourInput } from './submit.ts';

const id = fc.stringMatching(/^[0-9a-f]{32}$/);
const chunk = fc.record({
  deviceId: id,
  boot: fc.integer({ min: 0, max: 0xffff_ffff }),
  firstSequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

describe('keys of the record', () => {
  it('come apart into what they were made of', () => {
    fc.assert(
      fc.property(id, fc.nat(70_000_000), chunk, (patientId, hour, one) => {
        const key = RECORD_KEYS.chunk(patientId, hour, one);
        expect(splitCompositeKey(compositeKey(key))).toEqual(key);
        expect(parseChunkKeyText(chunkKeyText(one))).toEqual(one);
        const mark = patientId + patientId;
        const input = { patientId, hourMs: hour * 3_600_000, mark, saltHex: patientId };
        const chunkKeys = [chunkKeyText(one)];
        expect(CloseHourInput.safeParse({ ...input, chunkKeys }).success).toBe(true);
      }),
    );
    expect(splitCompositeKey('plain')).toBeUndefined();
  });

  it('sort by hour, device, boot and sequence', () => {
    const order = (hour: number, boot: number, firstSequence: number) =>
      compositeKey(RECORD_KEYS.chunk('p', hour, { deviceId: 'd', boot, firstSequence }));
    const rising = [
      order(9, 1, 0),
      order(10, 1, 0),
      order(10, 2, 9),
      order(10, 2, 10),
      order(10, 11, 0),
    ];
    expect(rising.toSorted()).toEqual(rising);
    expect(hourOf(Date.UTC(1970, 0, 2) - 1)).toBe(23);
  });
});

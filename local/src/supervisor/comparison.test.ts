import { describe, expect, test } from '@jest/globals';
import type { Chunk, Reading } from '@pulseledger/domain';
import fc from 'fast-check';
import { compare, type ExpectedChunk, type LedgerChunk } from './comparison.ts';

const PATIENT = 'a'.repeat(32);

function reading(value: number): Reading {
  return { code: '8867-4', unit: '/min', atMs: 1_000 + value, value };
}

function expected(first: number, values: readonly number[], device = 'd'): ExpectedChunk {
  return { device, boot: 1, first, patientId: PATIENT, readings: values.map(reading) };
}

function onLedger(chunk: ExpectedChunk, patientId = chunk.patientId): LedgerChunk {
  const { device: deviceId, boot, first: firstSequence, readings } = chunk;
  const chunkOnLedger = { deviceId, boot, firstSequence, readings } as unknown as Chunk;
  return { patientId, chunk: chunkOnLedger, sha256: '' };
}

describe('the account of a run', () => {
  test('finds every reading that is on the ledger as it was measured', () => {
    const chunks = [expected(0, [1, 2]), expected(2, [3])];
    expect(
      compare(
        chunks,
        chunks.map((c) => onLedger(c)),
        new Set(),
      ),
    ).toEqual({
      handedOver: 3,
      committed: 3,
      quarantined: 0,
      lost: 0,
      duplicated: 0,
      altered: 0,
      chunks: 2,
    });
  });

  test('misses what is neither on the ledger nor in the quarantine', () => {
    const chunks = [expected(0, [1, 2]), expected(2, [3]), expected(3, [4, 5, 6])];
    const result = compare(chunks, [onLedger(chunks[0]!)], new Set(['d/1/2']));
    expect(result).toMatchObject({ handedOver: 6, committed: 2, quarantined: 1, lost: 3 });
  });

  test('counts a chunk that is on the ledger and in the quarantine as committed', () => {
    const chunk = expected(0, [1, 2]);
    const result = compare([chunk], [onLedger(chunk)], new Set(['d/1/0']));
    expect(result).toMatchObject({ committed: 2, quarantined: 0, lost: 0 });
  });

  test('sees readings that are there twice, also in overlapping chunks', () => {
    const chunk = expected(0, [1, 2, 3]);
    const overlap = onLedger({ ...chunk, first: 1, readings: chunk.readings.slice(1) });
    const result = compare([chunk], [onLedger(chunk), overlap], new Set());
    expect(result).toMatchObject({ committed: 3, lost: 0, duplicated: 2, altered: 0 });
  });

  test.each<[string, (chunk: ExpectedChunk) => LedgerChunk]>([
    ['another value', (chunk) => onLedger({ ...chunk, readings: [1, 9].map(reading) })],
    ["another patient's record", (chunk) => onLedger(chunk, 'b'.repeat(32))],
    ['a sequence nobody measured', (chunk) => onLedger({ ...chunk, first: 7 })],
  ])('sees %s as altered and what was measured as lost', (_, alter) => {
    const result = compare([expected(0, [1, 2])], [alter(expected(0, [1, 2]))], new Set());
    expect(result.altered).toBeGreaterThan(0);
    expect(result.lost).toBe(result.handedOver - result.committed);
    expect(result.lost).toBeGreaterThan(0);
  });

  test('does not mind what other devices have on the ledger', () => {
    const chunk = expected(0, [1]);
    const other = onLedger(expected(0, [5], 'other'));
    expect(compare([chunk], [onLedger(chunk), other], new Set())).toMatchObject({
      committed: 1,
      altered: 0,
      chunks: 1,
    });
  });

  test('always adds up', () => {
    const sizes = fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), fate: fc.nat(3) }));
    fc.assert(
      fc.property(sizes, (plan) => {
        let first = 0;
        const chunks = plan.map(({ size, fate }) => {
          const chunk = expected(
            first,
            Array.from({ length: size }, (_, i) => i),
          );
          first += size;
          return { chunk, fate, size };
        });
        const total = (fates: number[]) =>
          chunks.filter((c) => fates.includes(c.fate)).reduce((sum, c) => sum + c.size, 0);
        const ledger = chunks.flatMap(({ chunk, fate }) =>
          fate === 0 ? [onLedger(chunk)] : fate === 1 ? [onLedger(chunk), onLedger(chunk)] : [],
        );
        const quarantine = chunks
          .filter(({ fate }) => fate === 2)
          .map(({ chunk }) => `d/1/${String(chunk.first)}`);
        const result = compare(
          chunks.map(({ chunk }) => chunk),
          ledger,
          new Set(quarantine),
        );
        expect(result).toMatchObject({
          committed: total([0, 1]),
          duplicated: total([1]),
          quarantined: total([2]),
          lost: total([3]),
        });
      }),
    );
  });
});

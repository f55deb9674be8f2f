import { ledger } from '@hyperledger/fabric-protos';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from './bytes.ts';
import { RangeQueryResults, toRead } from './range-query-results.ts';

const { QueryReads } = ledger.rwset.kvrwset;

type Summary = ledger.rwset.kvrwset.QueryReadsMerkleSummary;

function summaryOf(count: number, maxDegree: number): Summary | undefined {
  const results = new RangeQueryResults(maxDegree);
  for (let at = 0; at < count; at += 1) results.add(`key${at}`, { block: 1, transaction: at });
  const finished = results.finish();
  return 'summary' in finished ? finished.summary : undefined;
}

function leaf(from: number, to: number): Buffer {
  const reads = new QueryReads();
  for (let at = from; at < to; at += 1) {
    reads.addKvReads(toRead(`key${at}`, { block: 1, transaction: at }));
  }
  return sha256(reads.serializeBinary());
}

function hashesOf(summary: Summary | undefined): string[] {
  return (summary?.getMaxLevelHashesList_asU8() ?? []).map((bytes) =>
    Buffer.from(bytes).toString('hex'),
  );
}

describe('results of a range query', () => {
  it('stay as they are up to the degree', () => {
    const results = new RangeQueryResults(3);
    for (const key of ['a', 'b', 'c']) results.add(key, { block: 1, transaction: 2 });
    const finished = results.finish();
    expect('reads' in finished && finished.reads.map((read) => read.getKey())).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('become hashes of groups of degree + 1 beyond it', () => {
    const summary = summaryOf(5, 2);
    expect(summary?.getMaxLevel()).toBe(1);
    expect(hashesOf(summary)).toEqual([leaf(0, 3), leaf(3, 5)].map((hash) => hash.toString('hex')));
  });

  it('become hashes of hashes when there are more groups than the degree, the rest carried up', () => {
    const summary = summaryOf(10, 2);
    const left = sha256(Buffer.concat([leaf(0, 3), leaf(3, 6), leaf(6, 9)]));
    expect(summary?.getMaxLevel()).toBe(2);
    expect(hashesOf(summary)).toEqual([left, leaf(9, 10)].map((hash) => hash.toString('hex')));
  });

  it('never have more hashes than the degree, and differ when any result differs', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 7, max: 200 }),
        fc.nat(),
        (maxDegree, count, pick) => {
          const expected = hashesOf(summaryOf(count, maxDegree));
          expect(expected.length).toBeGreaterThan(0);
          expect(expected.length).toBeLessThanOrEqual(maxDegree);
          const changed = new RangeQueryResults(maxDegree);
          for (let at = 0; at < count; at += 1) {
            changed.add(`key${at}`, { block: at === pick % count ? 2 : 1, transaction: at });
          }
          const finished = changed.finish();
          expect(hashesOf('summary' in finished ? finished.summary : undefined)).not.toEqual(
            expected,
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

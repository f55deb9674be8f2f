import { describe, expect, test } from '@jest/globals';
import { flatness, type Sample, tenthsOf } from './tenths.ts';

const MEBI = 1_024 * 1_024;

interface Course {
  readonly memory?: (chunks: number) => number;
  readonly latency?: (chunks: number) => number;
}

function samples(course: Course): Sample[] {
  return Array.from({ length: 101 }, (_, index) => {
    const chunks = index * 100;
    const p50 = course.latency?.(chunks) ?? 400;
    return {
      chunks,
      atMs: index * 500,
      latency: { p50, p99: p50 * 2 },
      memory: new Map([['ingest', course.memory?.(chunks) ?? 100 * MEBI]]),
      ledgerBytes: chunks * 1_000,
    };
  });
}

function judged(course: Course): readonly string[] {
  return flatness(tenthsOf(samples(course), 10_000)).findings;
}

describe('the tenths of a soak', () => {
  test('cut a run by chunks, with rate, latency, memory and growth of each', () => {
    const tenths = tenthsOf(samples({}), 10_000);

    expect(tenths).toHaveLength(10);
    expect(tenths[4]).toEqual({
      chunks: 1_000,
      chunksPerSecond: 200,
      latencyMs: { p50: 400, p99: 800 },
      memory: { ingest: 100 * MEBI },
      ledgerBytes: 1_000_000,
    });
  });

  test('are found flat when nothing grows', () => {
    expect(judged({})).toEqual([]);
  });

  test('show a leak of eight kilobytes a chunk', () => {
    expect(judged({ memory: (chunks) => 100 * MEBI + chunks * 8_192 })).toEqual([
      expect.stringContaining('ingest grew'),
    ]);
  });

  test('do not take the warming up at the start for a leak', () => {
    expect(judged({ memory: (chunks) => (chunks < 1_500 ? 20 : 100) * MEBI })).toEqual([]);
  });

  test('show a latency that climbs', () => {
    expect(judged({ latency: (chunks) => 400 + chunks / 10 })).toEqual([
      expect.stringContaining('Commit latency'),
    ]);
  });

  test('a run without samples cannot be called flat', () => {
    expect(flatness(tenthsOf([], 10_000)).findings).toEqual(['The run was too short.']);
  });
});

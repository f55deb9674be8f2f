import { describe, expect, it } from '@jest/globals';
import { keepInFlight, percentile } from './keep-in-flight.ts';
import { memoryOfTree } from './memory.ts';
import { newPairedReport, type PairedRow, toPairedTable } from './report.ts';

const facts = { firstReadyMs: 900, warmReadyMs: 700, memoryBytes: 200 * 1024 * 1024 };
const row: PairedRow = {
  operation: 'endorse',
  inFlight: 16,
  devnet: { perSecond: 300, p50Ms: 20, p99Ms: 90 },
  fabric: { perSecond: 250.5, p50Ms: 30, p99Ms: 80 },
};

describe('the paired report', () => {
  const report = newPairedReport({
    secondsPerRow: 6,
    devnet: facts,
    fabric: { ...facts, warmReadyMs: 9_000, memoryBytes: 100 * 1024 * 1024 },
    rows: [row],
  });

  it('names every figure in which the devnet is worse, and no other', () => {
    expect(report.worse).toEqual(['memory', 'endorse at 16: p99']);
  });

  it('is a table with both networks in every line', () => {
    const lines = toPairedTable(report).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]).toMatch(/^endorse, 16 in flight\s+300\s+20\s+90\s+250\.5\s+30\s+80$/);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});

describe('keeping operations in flight', () => {
  it('never has more under way than asked for, and takes what they measured', async () => {
    let [underWay, most] = [0, 0];
    const timed = await keepInFlight({
      inFlight: 3,
      seconds: 0.2,
      warmUpSeconds: 0,
      run: async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, 5));
        underWay -= 1;
        return 4;
      },
    });
    expect(most).toBe(3);
    expect(timed.inner).toEqual({ p50Ms: 4, p99Ms: 4 });
    expect(timed.perSecond).toBeGreaterThan(0);
    expect(timed.p99Ms).toBeGreaterThanOrEqual(timed.p50Ms);
  });

  it('takes percentiles by the nearest rank', () => {
    expect(percentile([5, 1, 3, 2, 4], 0.5)).toBe(3);
    expect(percentile([5, 1, 3, 2, 4], 0.99)).toBe(5);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

it('memory of a process is found with that of all below it', async () => {
  expect(await memoryOfTree(process.pid)).toBeGreaterThan(1024 * 1024);
  expect(await memoryOfTree(0x7fffffff)).toBe(0);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  appendResult,
  isProof,
  knownProof,
  readResults,
  type SeriesOptions,
  seedResult,
} from './results.ts';
import { tableHead, tableRow } from './table.ts';

const SERIES: SeriesOptions = { network: 'devnet', devices: 30, seconds: 60 };
const REPORT = JSON.stringify({
  committed: 9_000,
  lost: 0,
  duplicated: 0,
  altered: 0,
  wrongFates: [],
  somethingNew: true,
  chaos: {
    kills: { cloud: 2, network: 1 },
    faults: [{ kind: 'kill' }, { kind: 'cut', missed: true }],
    redeliveries: 7,
    redeliveriesResolved: 5,
    unknownCommitsResolved: 1,
    drainSeconds: 20.5,
    missing: [],
  },
});
const good = (seed: number) =>
  seedResult(SERIES, { seed, exitCode: 0, wallSeconds: 90, lastLine: REPORT });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-series-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the result of a chaos run', () => {
  test('has the figures of its report', () => {
    expect(good(4)).toEqual({
      ...SERIES,
      ...{ seed: 4, exitCode: 0, wallSeconds: 90, committed: 9_000, lost: 0, duplicated: 0 },
      ...{ altered: 0, wrongFates: 0, kills: 3, faults: 1, redeliveries: 7 },
      ...{ redeliveriesResolved: 5, unknownCommitsResolved: 1, drainSeconds: 20.5, missing: [] },
    });
    expect(isProof(good(4))).toBe(true);
  });

  test('that ended without a report says so and is no proof', () => {
    const result = seedResult(SERIES, { seed: 4, exitCode: 1, wallSeconds: 3, lastLine: 'oops' });
    expect(result).toMatchObject({ committed: 0, missing: ['the run ended without a report'] });
    expect(isProof(result)).toBe(false);
    expect(tableRow(result)).toContain('FAILED (1)');
    expect(tableRow(result)).toContain('without a report');
  });

  test('stands in one line under its heads', () => {
    expect(tableRow(good(4))).not.toContain('\n');
    expect(tableRow(good(4))).toHaveLength(tableHead().length);
  });
});

describe('a series that goes on', () => {
  const file = () => join(folder, 'deep', 'results.ndjson');

  test('knows what has succeeded with the same options, and nothing else', async () => {
    await appendResult(file(), good(4));
    await appendResult(file(), { ...good(5), exitCode: 8 });
    const results = await readResults(file());
    expect(results).toHaveLength(2);
    expect(knownProof(results, SERIES, 4)).toEqual(good(4));
    expect(knownProof(results, SERIES, 5)).toBeUndefined();
    expect(knownProof(results, SERIES, 6)).toBeUndefined();
    expect(knownProof(results, { ...SERIES, network: 'fabric' }, 4)).toBeUndefined();
    expect(knownProof(results, { ...SERIES, devices: 5 }, 4)).toBeUndefined();
  });

  test('bears no results yet, and lines that were cut off', async () => {
    expect(await readResults(file())).toEqual([]);
    const broken = join(folder, 'broken.ndjson');
    await writeFile(broken, `${JSON.stringify(good(1))}\n{"seed":2,\n`);
    expect(await readResults(broken)).toEqual([good(1)]);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readTruthFile } from './truth-summary.ts';

const DEVICE = 'd'.repeat(32);
const PATIENT = 'a'.repeat(32);
let folder: string;

async function truth(lines: readonly object[]) {
  const file = join(folder, 'truth.ndjson');
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return readTruthFile(file);
}

function chunk(first: number, closedAt: number) {
  const readings = [['8867-4', '/min', 1_000, 0, 72]];
  const rest = {
    zone: 0,
    bytes: 100,
    sha256: '0'.repeat(64),
    fate: 'committed',
    readings,
    closedAt,
  };
  return { t: 'chunk', device: DEVICE, boot: 1, first, count: 1, ...rest };
}

function event(t: string, first: number, at: number, more: object = {}) {
  return { t, device: DEVICE, boot: 1, first, count: 1, at, ...more };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-truth-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the truth of a run', () => {
  test('counts each chunk once, however often it was sent and answered', async () => {
    const result = await truth([
      { t: 'device', device: DEVICE, patientId: PATIENT, boot: 1 },
      chunk(0, 1_000),
      event('published', 0, 1_010, { attempt: 1 }),
      chunk(0, 1_000),
      event('published', 0, 1_020, { attempt: 2 }),
      event('answered', 0, 1_500, { status: 'committed' }),
      event('answered', 0, 9_000, { status: 'committed' }),
      chunk(1, 2_000),
      event('published', 1, 2_010, { attempt: 1 }),
      event('answered', 1, 2_100, { status: 'quarantined', reason: 'overlap' }),
      chunk(2, 3_000),
    ]);
    expect(result.chunks.map(({ first, patientId }) => [first, patientId])).toEqual([
      [0, PATIENT],
      [1, PATIENT],
      [2, PATIENT],
    ]);
    expect(result.chunks[0]?.readings).toEqual([
      { code: '8867-4', unit: '/min', atMs: 1_000, value: 72 },
    ]);
    expect(result).toMatchObject({
      chunkBytes: 300,
      published: 2,
      acknowledged: 1,
      commitLatencyMs: { p50: 500, p99: 500 },
    });
  });

  test('has no latency when nothing was answered', async () => {
    expect((await truth([chunk(0, 1)])).commitLatencyMs).toBeNull();
  });
});

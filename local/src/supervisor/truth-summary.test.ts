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

  test('says what must become of chunks, copies and attempts, and whether that binds', async () => {
    const attempt = (id: string, fate: unknown, more: object = {}) => ({
      ...{ t: 'attempt', attempt: id, attack: 'forged', device: DEVICE, bytes: 9, at: 5 },
      ...{ sha256: id.padEnd(64, '0'), fate, ...more },
    });
    const readings = [['8867-4', '/min', 1_000, 0, 72]];
    const honest = { device: DEVICE, boot: 1, first: 9, count: 1, zone: 0, readings };
    const { expectations, chunks } = await truth([
      { t: 'device', device: DEVICE, patientId: PATIENT, boot: 1 },
      chunk(0, 1_000),
      event('copy', 0, 1_100, { fate: 'duplicate' }),
      attempt('a', { quarantined: 'bad_signature' }),
      { t: 'taken', attempt: 'a', at: 6 },
      attempt('b', 'refused'),
      { t: 'turnedAway', attempt: 'b', how: 'closed', at: 7 },
      attempt('c', 'committed', { chunk: honest }),
    ]);
    expect(expectations.map(({ what, fate, binds }) => [what, fate, binds])).toEqual([
      ['chunk', 'committed', true],
      ['copy', 'duplicate', true],
      ['forged', { quarantined: 'bad_signature' }, true],
      ['forged', 'refused', false],
      ['forged', 'committed', false],
    ]);
    expect(chunks.map(({ first, binds }) => [first, binds])).toEqual([
      [0, true],
      [9, false],
    ]);
  });

  test('says what was measured but never handed over, also because the simulator was killed', async () => {
    const run = { t: 'run', seed: 1, faultScale: 1, at: 1 };
    const lost = { t: 'lost', device: DEVICE, boot: 1, readings: 5, at: 3 };
    const { neverHandedOver } = await truth([
      run,
      { t: 'open', readings: 40, at: 2 },
      { ...lost, cause: 'battery' },
      { ...lost, cause: 'reboot' },
      { ...lost, cause: 'battery' },
      { t: 'open', readings: 30, at: 4 },
      run,
      { t: 'open', readings: 20, at: 5 },
      { t: 'stopped', at: 6 },
      run,
      { t: 'open', readings: 7, at: 8 },
    ]);
    expect(neverHandedOver).toEqual({ battery: 10, reboot: 5, killed: 37 });
  });

  test('names the attacks that no process carried out to their end', async () => {
    const attack = (name: string, done: boolean) => ({ t: 'attack', attack: name, done, at: 1 });
    const { unfinishedAttacks } = await truth([
      attack('forged', false),
      attack('flood', false),
      attack('forged', true),
      attack('forged', false),
    ]);
    expect(unfinishedAttacks).toEqual(['flood']);
  });

  test('has no latency when nothing was answered', async () => {
    expect((await truth([chunk(0, 1)])).commitLatencyMs).toBeNull();
  });
});

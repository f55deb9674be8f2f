import { appendFileSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readTruth, TruthWriter } from './truth.ts';
import type { TruthLine } from './truth-lines.ts';

const device = 'd'.repeat(32);
const LINES: readonly TruthLine[] = [
  { t: 'device', device, patientId: 'a'.repeat(32), boot: 1 },
  {
    t: 'chunk',
    device,
    boot: 1,
    first: 0,
    count: 3,
    zone: -330,
    closedAt: 1_790_000_000_000,
    bytes: 321,
    sha256: '0'.repeat(64),
    fate: { quarantined: 'clock_out_of_range' },
    readings: [
      { code: '8867-4', unit: '/min', atMs: 1_790_000_000_000, value: 62.5 },
      { code: '59408-5', unit: '%', atMs: 1_790_000_000_000, absent: 'not-performed' },
      { code: '55423-8', unit: '{steps}', atMs: 1_790_000_000_000, durationMs: 60_000, value: 0 },
      {
        code: '131329',
        unit: 'mV',
        atMs: 1_790_000_000_000,
        sampled: { periodMs: 4, origin: 0, factor: 0.005, data: [-3, 0, 200] },
      },
    ],
  },
  { t: 'published', device, boot: 1, first: 0, count: 3, attempt: 2, at: 1_790_000_000_100 },
  {
    t: 'answered',
    device,
    boot: 1,
    first: 0,
    count: 3,
    status: 'quarantined',
    reason: 'overlap',
    at: 1_790_000_000_200,
  },
  { t: 'copy', device, boot: 1, first: 0, count: 3, fate: 'duplicate', at: 1_790_000_000_300 },
  {
    t: 'attempt',
    attempt: 'flood/1',
    attack: 'flood',
    device,
    sha256: '1'.repeat(64),
    bytes: 130,
    fate: 'committed',
    at: 1_790_000_000_300,
    chunk: {
      device,
      boot: 1,
      first: 0,
      count: 1,
      zone: 0,
      readings: [{ code: '8867-4', unit: '/min', atMs: 1_790_000_000_000, value: 62 }],
    },
  },
  {
    t: 'attempt',
    attempt: 'forged/1',
    attack: 'forged',
    device,
    sha256: '2'.repeat(64),
    bytes: 130,
    fate: { quarantined: 'bad_signature' },
    at: 1_790_000_000_300,
  },
  { t: 'attack', attack: 'forged', done: true, at: 1_790_000_000_305 },
  { t: 'taken', attempt: 'forged/1', at: 1_790_000_000_310 },
  { t: 'turnedAway', attempt: 'other-ca/1', how: 'ECONNRESET', at: 1_790_000_000_320 },
  { t: 'lost', device, boot: 1, cause: 'battery', readings: 17, at: 1_790_000_000_330 },
  { t: 'run', seed: 7, faultScale: 1_440, at: 1_790_000_000_000 },
  { t: 'open', readings: 117, at: 1_790_000_000_340 },
  { t: 'stopped', at: 1_790_000_000_350 },
  { t: 'fault', device, fault: 'offline', fromMs: 1_790_000_000_000, untilMs: 1_790_000_100_000 },
];

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-truth-'));
  path = join(folder, 'truth.ndjson');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function write(lines: readonly TruthLine[]): void {
  const writer = new TruthWriter(path);
  for (const line of lines) writer.write(line);
  writer.close();
}

async function read(): Promise<TruthLine[]> {
  const lines: TruthLine[] = [];
  for await (const line of readTruth(path)) lines.push(line);
  return lines;
}

describe('the truth file', () => {
  test('gives back what was written, of every kind', async () => {
    write(LINES);
    expect(await read()).toEqual(LINES);
  });

  test('a line that a kill cut off is left out, and the next run appends after the last whole one', async () => {
    write(LINES);
    appendFileSync(path, `{"t":"chunk","device":"${device}`);
    expect(await read()).toEqual(LINES);
    write([LINES[0]!]);
    expect(await read()).toEqual([...LINES, LINES[0]]);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
  });

  test('a damaged line in the middle is named, not skipped', async () => {
    write(LINES.slice(0, 2));
    appendFileSync(path, 'damaged\n');
    write(LINES.slice(2));
    await expect(read()).rejects.toThrow('line 3');
  });
});

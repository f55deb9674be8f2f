import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import fc from 'fast-check';
import { FitBaseType, FitEncoder, type FitEncoderField } from 'fit-file-parser';
import { type CollectingSink, collect } from '../test-support/collecting-sink.ts';
import { importFit } from './fit.ts';
import type { ImportContext } from './types.ts';

const START = new Date('2024-05-01T08:00:00Z');
const T0 = FitEncoder.toFitTimestamp(START);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-fit-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(
  bytes: Uint8Array,
  context: ImportContext = { zone: 'UTC' },
): Promise<CollectingSink> {
  const path = join(folder, 'recording.fit');
  await writeFile(path, bytes);
  return collect(importFit, path, context);
}

function uint(number: number, size: 1 | 2 | 4, value: number): FitEncoderField {
  const baseType = { 1: FitBaseType.Uint8, 2: FitBaseType.Uint16, 4: FitBaseType.Uint32 }[size];
  return { number, size, baseType, value };
}

function record(seconds: number, rate: number): FitEncoderField[] {
  return [uint(253, 4, T0 + seconds), uint(3, 1, rate)];
}

function activity(rates: readonly number[], localMinutes?: number): Uint8Array {
  const encoder = new FitEncoder();
  encoder.writeMessage(0, [
    uint(1, 2, 1),
    uint(2, 2, 1_036),
    { number: 3, size: 4, baseType: FitBaseType.Uint32z, value: 77 },
  ]);
  rates.forEach((rate, i) => encoder.writeMessage(20, record(i, rate), 1));
  if (localMinutes !== undefined) {
    encoder.writeMessage(34, [uint(253, 4, T0 + 60), uint(5, 4, T0 + 60 + localMinutes * 60)], 2);
  }
  return encoder.close();
}

/** A FIT file around hand-made messages. */
function wrapped(data: readonly number[]): Uint8Array {
  const header = [14, 0x20, 0, 0, 0, 0, 0, 0, 0x2e, 0x46, 0x49, 0x54, 0, 0];
  const bytes = Uint8Array.from([...header, ...data, 0, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, data.length, true);
  view.setUint16(bytes.length - 2, FitEncoder.calculateCRC(bytes.subarray(0, -2)), true);
  return bytes;
}

function little(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}

function rates(sink: CollectingSink): unknown[] {
  return sink.readings.map((r) => [r.what, r.atMs - START.getTime()]);
}

describe('FIT recordings', () => {
  test('heart rates of records; 255 is no value, 0 is a strap without contact', async () => {
    const sink = await run(activity([60, 255, 0, 61]));
    expect(rates(sink)).toEqual([
      [60, 0],
      ['not-performed', 2_000],
      [61, 3_000],
    ]);
    expect(sink.rows).toBe(4);
    expect(sink.readings[0]?.source).toMatchObject({
      manufacturer: 'garmin',
      label: 'fit/1/1036/77',
    });
  });

  test('the offset that the activity states wins over the named zone; none stated needs one', async () => {
    const stated = await run(activity([60], -210), { zone: 'Europe/Paris' });
    expect(stated.readings[0]).toMatchObject({ zoneOffsetMinutes: -210, atMs: START.getTime() });
    const named = await run(activity([60]), { zone: 'Europe/Paris' });
    expect(named.readings[0]?.zoneOffsetMinutes).toBe(120);
    // Local time equal to UTC is what a device writes that does not know its zone.
    const silent = await run(activity([60], 0), { zone: 'Europe/Paris' });
    expect(silent.readings[0]?.zoneOffsetMinutes).toBe(120);
    await expect(run(activity([60], 0), {})).rejects.toThrow('--zone');
    expect((await run(activity([60], 330), {})).readings[0]?.zoneOffsetMinutes).toBe(330);
  });

  test('compressed timestamps count on from the last whole one, past a rollover', async () => {
    const t = (T0 & ~31) + 30;
    const sink = await run(
      wrapped([
        // Local type 0: record with timestamp and heart rate; local type 1: heart rate only.
        ...[0x40, 0, 0, 20, 0, 2, 253, 4, 0x86, 3, 1, 2],
        ...[0x41, 0, 0, 20, 0, 1, 3, 1, 2],
        ...[0x00, ...little(t), 60],
        ...[0x80 | (1 << 5) | 31, 61],
        ...[0x80 | (1 << 5) | 1, 62],
        ...[0x80 | (1 << 5) | 1, 63],
      ]),
    );
    expect(sink.refused).toEqual([]);
    const first = sink.readings[0]?.atMs ?? 0;
    expect(sink.readings.map((r) => [r.what, r.atMs - first])).toEqual([
      [60, 0],
      [61, 1_000],
      [62, 3_000],
      [63, 3_000],
    ]);
  });

  test('big-endian messages and fields of odd sizes are read where they are sound', async () => {
    const sink = await run(
      wrapped([
        // Big-endian; altitude (uint16) is given three bytes, as a Coros watch once did.
        ...[0x40, 0, 1, 0, 20, 3, 253, 4, 0x86, 2, 3, 0x84, 3, 1, 2],
        ...[0x00, ...little(T0).reverse(), 1, 2, 3, 77],
      ]),
    );
    expect(rates(sink)).toEqual([[77, 0]]);
  });

  test('a device without a clock states no date; with --start it counts from there', async () => {
    const encoder = new FitEncoder();
    encoder.writeMessage(20, [uint(253, 4, 17_217_869), uint(3, 1, 93)]);
    encoder.writeMessage(20, [uint(253, 4, 17_217_874), uint(3, 1, 104)]);
    const bytes = encoder.close();
    const without = await run(bytes);
    expect(without.readings).toEqual([]);
    expect(without.refused.map((r) => r.place)).toEqual(['record 1', 'record 2']);
    const start = { atMs: START.getTime(), zoneOffsetMinutes: 120 };
    const sink = await run(bytes, { start });
    expect(rates(sink)).toEqual([
      [93, 0],
      [104, 5_000],
    ]);
  });

  test('a record without a timestamp is named', async () => {
    const encoder = new FitEncoder();
    encoder.writeMessage(20, [uint(3, 1, 93)]);
    const sink = await run(encoder.close());
    expect(sink.refused).toEqual([{ place: 'record 1', reason: 'no timestamp' }]);
  });

  test('chained files are all read, and bytes that belong to none are named', async () => {
    const parts = [activity([60, 61], 120), activity([62]), Buffer.from('tail')];
    const sink = await run(Buffer.concat(parts));
    expect(sink.readings.map((r) => [r.what, r.zoneOffsetMinutes])).toEqual([
      [60, 120],
      [61, 120],
      [62, 120],
    ]);
    expect(sink.refused).toEqual([{ place: 'part 3', reason: '4 bytes that are no FIT file' }]);
  });

  test('an unfinished file gives its whole records and says where it ends', async () => {
    const whole = activity([60, 61, 62]);
    // Without checksum and half of the last record, as after a loss of power.
    const sink = await run(whole.subarray(0, whole.length - 5));
    expect(sink.readings.map((r) => r.what)).toEqual([60, 61]);
    expect(sink.refused.length).toBe(1);
    expect(sink.notes.length).toBe(1);
  });

  test('a wrong checksum means that no value can be trusted', async () => {
    const bytes = activity([60, 61, 62]);
    const flipped = Uint8Array.from(bytes);
    flipped[flipped.length - 3] = 99;
    const sink = await run(flipped);
    expect(sink.readings).toEqual([]);
    expect(sink.refused[0]?.reason).toContain('checksum');
  });

  test('what is no FIT file is refused', async () => {
    await expect(run(Buffer.from('not a recording'))).rejects.toThrow('not a FIT file');
  });

  test('whatever byte is flipped: read, refused in words or failed with a code, never another crash', async () => {
    const bytes = activity([60, 61, 62, 63], 60);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.nat(bytes.length),
        async (flips, length) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, value] of flips) damaged[at] = value;
          try {
            await run(damaged.subarray(0, length));
          } catch (error) {
            expect(error).toBeInstanceOf(PulseError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('memory of a strap, monitoring, oxygen, breathing and blood pressure', async () => {
    const encoder = new FitEncoder();
    encoder.writeMessage(132, [
      uint(253, 4, T0),
      uint(0, 2, 16_384),
      { number: 6, size: 1, baseType: FitBaseType.Uint8, value: 80 },
      uint(9, 4, 5_000),
    ]);
    // Two values; event times 5,000 + 512 and + 1,024 ticks as two packed 12-bit numbers.
    const [a, b] = [(5_000 + 512) & 0xfff, (5_000 + 1_024) & 0xfff];
    const packed = Uint8Array.from([a & 0xff, (a >> 8) | ((b & 0xf) << 4), b >> 4]);
    encoder.writeMessage(132, [
      { number: 6, size: 2, baseType: FitBaseType.Uint8, value: Uint8Array.from([81, 82]) },
      { number: 10, size: 3, baseType: FitBaseType.Byte, value: packed },
    ]);
    encoder.writeMessage(55, [uint(253, 4, T0 + 60), uint(27, 1, 70)], 3);
    encoder.writeMessage(55, [uint(26, 2, (T0 + 120) & 0xffff), uint(27, 1, 71)], 4);
    encoder.writeMessage(269, [uint(253, 4, T0), uint(0, 1, 97)], 5);
    encoder.writeMessage(
      297,
      [uint(253, 4, T0), { number: 0, size: 2, baseType: FitBaseType.Sint16, value: 1_445 }],
      6,
    );
    encoder.writeMessage(51, [uint(253, 4, T0), uint(0, 2, 120), uint(1, 2, 80)], 7);
    const sink = await run(encoder.close());
    expect(sink.refused).toEqual([]);
    const found = sink.readings.map((r) => [r.code, r.what, r.atMs - START.getTime()]);
    expect(found.sort()).toEqual(
      [
        ['8867-4', 70, 60_000],
        ['8867-4', 71, 120_000],
        ['59408-5', 97, 0],
        ['9279-1', 14.45, 0],
        ['8480-6', 120, 0],
        ['8462-4', 80, 0],
        ['8867-4', 80, 500],
        ['8867-4', 81, 1_000],
        ['8867-4', 82, 1_500],
      ].sort(),
    );
  });
});

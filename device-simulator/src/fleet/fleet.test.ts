import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Chunk, Reading } from '@pulseledger/domain';
import { FastClock, SystemClock } from '../clock.ts';
import { enrolmentAt } from '../device/enrolment.ts';
import { readSystemFile } from '../system-file.ts';
import { eventually, FakeSystem } from '../test-support/fake-system.ts';
import { readTruth } from '../truth.ts';
import type { TruthChunk, TruthLine } from '../truth-lines.ts';
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts';

let system: FakeSystem;
let fleets: Fleet[];

beforeEach(async () => {
  system = await FakeSystem.start();
  fleets = [];
});
afterEach(async () => {
  for (const fleet of fleets) await fleet.close();
  await system.close();
});

async function start(more: Partial<FleetOptions> = {}): Promise<Fleet> {
  const fleet = await startFleet({
    devices: 4,
    seed: 11,
    windowSeconds: 1,
    rate: 10,
    zone: 'Asia/Kolkata',
    patients: system.patients,
    enrol: enrolmentAt(await readSystemFile(system.systemFile)),
    folder: join(system.folder, 'fleet'),
    truthFile: join(system.folder, 'truth.ndjson'),
    ...more,
  });
  fleets.push(fleet);
  return fleet;
}

async function truth(): Promise<TruthLine[]> {
  const lines: TruthLine[] = [];
  for await (const line of readTruth(join(system.folder, 'truth.ndjson'))) lines.push(line);
  return lines;
}

function chunksOf(lines: TruthLine[]): TruthChunk[] {
  return lines.filter((line) => line.t === 'chunk');
}

function received(): Chunk[] {
  return [...system.received.values()].map((entry) => entry.chunk);
}

describe('a fleet of wearables', () => {
  test('delivers every reading it handed over, signed, numbered without holes, true to the truth file', async () => {
    const fleet = await start();
    await eventually(() => received().length >= 8, 'eight chunks');
    fleet.stopMeasuring();
    expect(await fleet.drain(20_000)).toBe(true);
    const totals = fleet.totals();
    await fleet.close();
    fleets = [];

    const lines = await truth();
    const handedOver = chunksOf(lines);
    const readings = (chunk: { readings: readonly Reading[] }): number => chunk.readings.length;
    expect(totals.handedOver.chunks).toBe(handedOver.length);
    expect(totals.handedOver.readings).toBe(handedOver.map(readings).reduce((a, b) => a + b, 0));
    expect(totals.committed).toEqual(totals.handedOver);
    expect(totals.published).toEqual(totals.handedOver);
    expect(totals.pending).toEqual({ chunks: 0, readings: 0 });
    expect(totals.commitLatencyMs?.p50).toBeGreaterThanOrEqual(0);

    for (const line of handedOver) {
      const entry = system.received.get(`${line.device}/${line.boot}/${line.first}`);
      expect(entry?.digests).toEqual(new Set([line.sha256]));
      expect(entry?.chunk.readings).toEqual(line.readings);
      expect(entry?.chunk.zoneOffsetMinutes).toBe(330);
    }
    for (const device of new Set(handedOver.map((line) => line.device))) {
      const own = handedOver.filter((line) => line.device === device);
      let next = 0;
      for (const line of own) {
        expect([line.boot, line.first]).toEqual([1, next]);
        next += line.count;
      }
    }
    const answered = lines.filter((line) => line.t === 'answered');
    expect(answered.length).toBe(handedOver.length);
  });

  test('each device has its own key and identity, kept private, and is enrolled once', async () => {
    const first = await start({ devices: 3 });
    await first.close();
    fleets = [];
    expect(system.enrolments.map((e) => e.patientId).sort()).toEqual(
      [system.patients[0], system.patients[0], system.patients[1]].sort(),
    );
    expect(new Set(system.enrolments.map((e) => e.publicKeySpkiBase64)).size).toBe(3);
    const keyFile = join(system.folder, 'fleet', 'keys', '00001.key.pem');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(keyFile, 'utf8')).toContain('PRIVATE KEY');

    await start({ devices: 3 });
    expect(system.enrolments.length).toBe(3);
  });

  test('a chunk leaves the outbox only by the answer of the ledger', async () => {
    system.answer = () => 'silent';
    const fleet = await start({ devices: 2 });
    await eventually(() => fleet.totals().published.chunks >= 2, 'two chunks with the broker');
    fleet.stopMeasuring();
    expect(await fleet.drain(300)).toBe(false);
    const { handedOver, committed, pending } = fleet.totals();
    expect(committed.chunks).toBe(0);
    expect(pending).toEqual(handedOver);

    const [quarantined, ...others] = received();
    system.acknowledge(quarantined!, 'quarantined');
    for (const chunk of others) system.acknowledge(chunk, 'committed');
    await eventually(() => received().length === handedOver.chunks, 'all chunks with the broker');
    for (const chunk of received().slice(1 + others.length)) system.acknowledge(chunk, 'committed');
    expect(await fleet.drain(20_000)).toBe(true);
    expect(fleet.totals().quarantined.chunks).toBe(1);
    expect(fleet.totals().quarantineReasons).toEqual({ not_assigned: quarantined!.count });
  });

  test('what the ledger did not answer goes out again, byte for byte, after a lost connection', async () => {
    system.answer = () => 'silent';
    const fleet = await start({ devices: 2 });
    await eventually(() => fleet.totals().published.chunks >= 2, 'two chunks with the broker');
    fleet.stopMeasuring();
    await eventually(() => received().length === fleet.totals().handedOver.chunks, 'all out');
    system.answer = () => 'committed';
    await system.broker.close();
    await system.broker.open();
    expect(await fleet.drain(20_000)).toBe(true);
    for (const entry of system.received.values()) {
      expect(entry.times).toBeGreaterThanOrEqual(2);
      expect(entry.digests.size).toBe(1);
    }
    expect(fleet.totals().reconnects).toBe(2);
  });

  test('the next run delivers what the last one left, under the old numbers, and starts a new boot', async () => {
    system.answer = () => 'silent';
    const first = await start({ devices: 2 });
    await eventually(() => first.totals().published.chunks >= 2, 'two chunks with the broker');
    first.stopMeasuring();
    const left = first.totals().pending;
    await first.close();
    fleets = [];

    system.answer = () => 'committed';
    const second = await start({ devices: 2 });
    expect(second.totals().resumed).toEqual(left);
    await eventually(() => received().some((chunk) => chunk.boot === 2), 'a chunk of boot 2');
    second.stopMeasuring();
    expect(await second.drain(20_000)).toBe(true);
    const boots = new Set(received().map((chunk) => chunk.boot));
    expect(boots).toEqual(new Set([1, 2]));
    for (const entry of system.received.values()) expect(entry.digests.size).toBe(1);
  });

  test('short windows while somebody watches', async () => {
    await start({ devices: 1, windowSeconds: 600, rate: 5 });
    const [enrolled] = chunksOf(await truth());
    expect(enrolled).toBeUndefined();
    const line = (await truth()).find((candidate) => candidate.t === 'device');
    system.watch(line!.device, Date.now() + 60_000);
    await eventually(() => received().length >= 2, 'two short windows');
    const [, second] = received();
    expect(second!.endMs - second!.startMs).toBeLessThanOrEqual(2_000);
  });

  test('a fast clock fills whole windows of a minute in a second', async () => {
    const startMs = Date.now() - 3_600_000;
    const clock = new FastClock(startMs, 60);
    await start({ devices: 2, windowSeconds: 60, rate: 1, clock });
    await eventually(() => received().some((chunk) => chunk.count >= 300), 'a whole window');
    const whole = received().find((chunk) => chunk.count >= 300);
    expect(whole!.startMs).toBeGreaterThanOrEqual(startMs);
    expect(whole!.endMs).toBeLessThan(Date.now());
    expect(system.enrolments.every((e) => e.fromMs <= whole!.startMs)).toBe(true);
  });

  test('the clock of the measuring starts after the enrolment, however long that took', async () => {
    const enrolledAtStart: number[] = [];
    class Watched extends SystemClock {
      override restart(): void {
        enrolledAtStart.push(system.enrolments.length);
      }
    }
    await start({ devices: 3, clock: new Watched() });
    expect(enrolledAtStart).toEqual([3]);
  });

  test('devices beyond the patients take turns, and nonsense is refused in words', async () => {
    await expect(start({ devices: 0 })).rejects.toThrow('whole number from 1');
    await expect(start({ zone: 'Europe/Atlantis' })).rejects.toThrow('IANA');
    await expect(start({ patients: [] })).rejects.toThrow('no patient');
    await expect(start({ rate: 1_000 })).rejects.toThrow('rate');
  });
});

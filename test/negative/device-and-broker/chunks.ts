/** What a device that is let in may claim. */
import { expect, it } from '@jest/globals';
import { encodeChunk, PulseError, type Reading } from '@pulseledger/domain';
import { z } from 'zod';
import { shortlyAgo } from '../support/signer-device.ts';
import type { Scene } from './shared.ts';

const LIMIT_MS = 120_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A number that no short decimal stands for, so that the codec writes its eight bytes as they are. */
const LONG = 72.123_456_789_012_34;

function heartRate(value: unknown, unit = '/min'): Reading {
  return { code: '8867-4', unit, atMs: shortlyAgo(), value } as Reading;
}

const Codes = z.array(z.object({ code: z.string() }));
const Bundle = z.object({
  entry: z
    .array(
      z.object({
        resource: z.object({
          valueQuantity: z.object({ value: z.number(), code: z.string() }).optional(),
          issued: z.string().optional(),
          device: z.object({ reference: z.string() }).optional(),
          meta: z.object({ security: Codes.optional(), tag: Codes.optional() }).optional(),
        }),
      }),
    )
    .optional(),
});

/** Writes another number wherever this one stands as a double. @returns how often it stood there */
function replaceDoubles(body: Buffer, before: number, after: number): number {
  const needle = Buffer.alloc(8);
  needle.writeDoubleBE(before);
  let count = 0;
  for (let at = body.indexOf(needle); at !== -1; at = body.indexOf(needle, at + 8)) {
    body.writeDoubleBE(after, at);
    count += 1;
  }
  return count;
}

export function theChunks(scene: () => Scene): void {
  it(
    'D7 a chunk that names another device than its sender is quarantined, and never written for either',
    async () => {
      const sender = await scene().attacker();
      const victim = scene().other;
      const chunk = sender.chunk({ firstSequence: 700, deviceId: victim.deviceId });
      await scene().isQuarantined(sender, chunk, 700, 'identity_mismatch');
      expect(await scene().system.quarantineOf(victim.deviceId)).toEqual([]);
      await scene().goesOn();
    },
    LIMIT_MS,
  );

  it(
    'D7 a chunk that another device signed is quarantined as forged',
    async () => {
      const sender = await scene().attacker();
      const { other } = scene();
      const chunk = other.chunk({ firstSequence: 710, deviceId: sender.deviceId });
      await scene().isQuarantined(sender, chunk, 710, 'bad_signature');
    },
    LIMIT_MS,
  );

  it(
    'D8 a message sent again with a new packet id and without DUP is one record, acknowledged each time',
    async () => {
      const device = await scene().attacker();
      const session = await device.connect();
      const chunk = device.chunk({ firstSequence: 0 });
      for (const nth of [1, 2, 3]) {
        const answer = await session.deliver(chunk, 0, nth);
        expect(answer).toMatchObject({ status: 'committed', count: 5 });
      }
      // Also both at once, in one batch or in two.
      const twice = device.chunk({ firstSequence: 5 });
      session.send(twice);
      session.send(twice);
      await session.answer(5);
      await session.close();
      expect(await scene().system.timesRecorded(chunk)).toBe(1);
      expect(await scene().system.timesRecorded(twice)).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'D9 the same sequence with another value is quarantined and counted as a conflict, and the first stays',
    async () => {
      const device = await scene().attacker();
      const session = await device.connect();
      const first = device.chunk({ firstSequence: 0 });
      expect(await session.deliver(first, 0)).toMatchObject({ status: 'committed' });
      await session.close();
      const second = device.chunk({ firstSequence: 0, shift: 30 });
      const quarantined = 'pulse_quarantined_total';
      await scene().system.countsOne(quarantined, 'sequence_conflict', () =>
        scene().isQuarantined(device, second, 0, 'sequence_conflict'),
      );
      const within = device.chunk({ firstSequence: 2 });
      await scene().isQuarantined(device, within, 2, 'overlap');
      expect(await scene().system.timesRecorded(first)).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'D10 a chunk of last week is taken only into an open gap, only once, and its readers are told that it came late',
    async () => {
      const lastWeek = shortlyAgo(Date.now() - 7 * DAY_MS);
      const device = await scene().attacker(lastWeek - DAY_MS);
      const session = await device.connect();
      await session.deliver(device.chunk({ firstSequence: 0, atMs: lastWeek }), 0);
      const inTimeMs = shortlyAgo();
      await session.deliver(device.chunk({ firstSequence: 10, atMs: inTimeMs }), 10);
      const late = device.chunk({ firstSequence: 5, atMs: lastWeek + 5_000 });
      for (const nth of [1, 2]) {
        expect(await session.deliver(late, 5, nth)).toMatchObject({ status: 'committed' });
      }
      expect(await scene().system.timesRecorded(late)).toBe(1);
      // The gap is closed now: nothing else has room in it.
      const closed = device.chunk({ firstSequence: 6, count: 3, atMs: lastWeek + 6_000 });
      expect(await session.deliver(closed, 6)).toMatchObject({ reason: 'overlap' });
      await session.close();
      const { running } = scene().system;
      const token = await running.token('hospital-doctor');
      const observed = async (atMs: number) => {
        const instant = new Date(atMs).toISOString();
        const { body } = await running.get(
          `/Observation?patient=${device.patientId}&date=${instant}`,
          token,
        );
        const found = Bundle.parse(JSON.parse(body)).entry ?? [];
        return found
          .map(({ resource }) => resource)
          .find((one) => one.device?.reference === `Device/${device.deviceId}`);
      };
      const flagged = await observed(lastWeek + 7_000);
      expect(flagged?.meta?.tag).toMatchObject([{ code: 'recorded-late' }]);
      expect(Date.parse(flagged?.issued ?? '')).toBeGreaterThan(Date.now() - HOUR_MS);
      const onTime = await observed(inTimeMs + 2_000);
      expect(onTime?.valueQuantity).toBeDefined();
      expect([onTime?.issued, onTime?.meta?.tag]).toEqual([undefined, undefined]);
    },
    LIMIT_MS,
  );

  it.each([
    ['an hour ahead', HOUR_MS, 'clock_out_of_range'],
    ['a year back, before anybody wore the device', -365 * DAY_MS, 'not_assigned'],
  ])(
    'D11 a measurement %s is quarantined',
    async (_what, offMs, reason) => {
      const device = await scene().attacker();
      const chunk = device.chunk({ firstSequence: 0, atMs: shortlyAgo(Date.now() + offMs) });
      await scene().isQuarantined(device, chunk, 0, reason);
    },
    LIMIT_MS,
  );

  it(
    'D11 days and seconds that do not exist are refused, and both hours of a change of clocks are told apart',
    async () => {
      const { running } = scene().system;
      const token = await running.token('hospital-doctor');
      const patient = scene().system.patient('patient-ada');
      const ask = async (date: string): Promise<number> =>
        (await running.get(`/Observation?patient=${patient}&date=${date}`, token)).status;
      expect(await ask('ge2026-02-28')).toBe(200);
      expect(await ask('ge2026-02-31')).toBe(400);
      expect(await ask('ge2026-02-28T25:00:00Z')).toBe(400);
      expect([200, 400]).toContain(await ask('ge2016-12-31T23:59:60Z'));
      // 2026-10-25 in Paris: 02:30 comes twice, an hour apart, and each names its offset.
      const device = await scene().attacker(Date.UTC(2026, 9, 24));
      const session = await device.connect();
      const first = Date.UTC(2026, 9, 25, 0, 30);
      const summer = { firstSequence: 0, atMs: first, zoneOffsetMinutes: 120 };
      const winter = { firstSequence: 5, atMs: first + HOUR_MS, zoneOffsetMinutes: 60 };
      await session.deliver(device.chunk(summer), 0);
      await session.deliver(device.chunk(winter), 5);
      await session.close();
      const hour = '&date=ge2026-10-25T00:00:00Z&date=lt2026-10-25T02:00:00Z&_sort=date';
      const { body } = await running.get(`/Observation?patient=${patient}${hour}`, token);
      expect(body).toContain('2026-10-25T02:30:00.000+02:00');
      expect(body).toContain('2026-10-25T02:30:00.000+01:00');
    },
    LIMIT_MS,
  );

  it.each<[string, unknown, string]>([
    ['NaN', Number.NaN, '/min'],
    ['Infinity', Number.POSITIVE_INFINITY, '/min'],
    ['a text', '72', '/min'],
    ['nothing', null, '/min'],
    ['an object', { valueOf: () => 72 }, '/min'],
    ['a unit of another sign', 72, 'Cel'],
  ])('D12 no chunk can be made of %s, and the field is named', (_what, value, unit) => {
    const content = {
      deviceId: scene().honest.deviceId,
      boot: 1,
      firstSequence: 0,
      zoneOffsetMinutes: 0,
      readings: [heartRate(value, unit)],
      salt: new Uint8Array(16),
    };
    let error: unknown;
    try {
      encodeChunk(content);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(PulseError);
    expect(error).toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/value|unit|number/i),
    });
  });

  it(
    'D12 a chunk with the bytes of NaN, Infinity or minus zero in place of a value is quarantined, signed though it is',
    async () => {
      const device = await scene().attacker();
      const session = await device.connect();
      for (const [index, number] of [Number.NaN, Number.POSITIVE_INFINITY, -0].entries()) {
        const firstSequence = index * 5;
        const honest = device.chunk({ firstSequence, readings: [heartRate(LONG)] });
        const body = Buffer.from(honest.subarray(0, -64));
        expect(replaceDoubles(body, LONG, number)).toBeGreaterThan(0);
        const answer = await session.deliver(device.signed(body), firstSequence);
        expect(answer).toMatchObject({ status: 'quarantined', reason: 'malformed' });
      }
      await session.close();
      expect(await scene().system.reasonsOf(device.deviceId, 3)).toHaveLength(3);
    },
    LIMIT_MS,
  );

  it(
    'D12 a value that cannot be is kept as it was measured, marked as doubtful, and never coerced',
    async () => {
      const device = await scene().attacker(Date.UTC(2026, 0, 1));
      const atMs = Date.UTC(2026, 1, 2, 3, 4, 5);
      const odd: Reading[] = [-1, 1e308, 2 ** 53 + 2].map((value, index) => ({
        ...{ code: '8867-4', unit: '/min', atMs: atMs + index },
        value,
      }));
      odd.push({ code: '59408-5', unit: '%', atMs, value: 101 });
      const session = await device.connect();
      const chunk = device.chunk({ firstSequence: 0, readings: odd });
      expect(await session.deliver(chunk, 0)).toMatchObject({ status: 'committed' });
      await session.close();
      const { running } = scene().system;
      const token = await running.token('hospital-doctor');
      const query = `patient=${device.patientId}&date=2026-02-02`;
      const { body } = await running.get(`/Observation?${query}`, token);
      const found = Bundle.parse(JSON.parse(body)).entry?.map(({ resource }) => resource) ?? [];
      const values = found.map(({ valueQuantity }) => valueQuantity?.value);
      expect(values.sort()).toEqual([-1, 1e308, 101, 2 ** 53 + 2].sort());
      for (const { meta } of found) expect(meta?.security?.[0]?.code).toBe('UNCERTREL');
    },
    LIMIT_MS,
  );
}

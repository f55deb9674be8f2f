import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PulseError } from '../errors.ts';
import { VITAL_CODES, VITAL_SIGNS, type VitalCode } from '../vital-signs.ts';
import { checkChunk, chunkHeader, chunkSummaries, decodeChunk } from './decode.ts';
import { attachSignature, encodeChunk, splitSignature } from './encode.ts';
import { CHUNK_HOUR_MS, MAX_CHUNK_BYTES } from './limits.ts';
import { partitionReadings } from './partition.ts';
import { ABSENT_REASONS, type ChunkContent, type Reading } from './reading.ts';
import { canonicalOrder } from './series.ts';
import { summarizeReadings } from './summary.ts';

const HOUR_MS = Date.UTC(2026, 10, 22, 10);
const SIGNATURE = new Uint8Array(64).fill(7);

const place = fc
  .constantFrom<VitalCode>(...VITAL_CODES)
  .chain((code) =>
    fc.constantFrom(...Object.keys(VITAL_SIGNS[code].units)).map((unit) => ({ code, unit })),
  );
const atMs = fc.oneof(
  fc.integer({ min: 0, max: 59 }).map((second) => HOUR_MS + second * 1_000),
  fc.integer({ min: 0, max: CHUNK_HOUR_MS - 1 }).map((offset) => HOUR_MS + offset),
);
const decimal = fc
  .tuple(fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }), fc.integer({ min: 0, max: 12 }))
  .map(([mantissa, decimals]) => Number(`${mantissa}e-${decimals}`));
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });
const value = fc
  .oneof(fc.integer({ min: 0, max: 300 }), decimal, anyNumber)
  .map((number) => (number === 0 ? 0 : number));
const duration = fc.integer({ min: 1, max: 25 * CHUNK_HOUR_MS });
const strip = fc.record({
  periodMs: fc.constantFrom(2, 4, 1.953125, 1000 / 300),
  origin: value,
  factor: fc.constantFrom(1, 0.0048828125, 1 / 3),
  data: fc.array(fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), {
    minLength: 1,
    maxLength: 50,
  }),
});
const reading: fc.Arbitrary<Reading> = fc
  .record({
    place,
    atMs,
    value,
    duration,
    strip,
    kind: fc.nat(5),
    reason: fc.constantFrom(...ABSENT_REASONS),
  })
  .map(({ place: { code, unit }, kind, ...one }): Reading => {
    const base = { code, unit, atMs: one.atMs };
    const length = kind % 2 === 0 ? {} : { durationMs: one.duration };
    if (kind === 5) return { ...base, ...length, absent: one.reason };
    if (VITAL_SIGNS[code].kind === 'sampled') return { ...base, sampled: one.strip };
    return { ...base, ...length, value: one.value };
  });
const content: fc.Arbitrary<ChunkContent> = fc.record({
  deviceId: fc.stringMatching(/^[0-9a-f]{32}$/),
  boot: fc.integer({ min: 0, max: 0xffff_ffff }),
  firstSequence: fc.integer({ min: 0, max: 2 ** 48 - 1_000 }),
  zoneOffsetMinutes: fc.integer({ min: -840, max: 840 }),
  readings: fc.array(reading, { minLength: 1, maxLength: 40 }).map(canonicalOrder),
  salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

function chunkOf(one: ChunkContent): Uint8Array {
  return attachSignature(encodeChunk(one), SIGNATURE);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PulseError) return error.code;
    throw error;
  }
  return 'none';
}

/** Five signals at 1 Hz, each jittered and wandering as a wrist does, sampled at the same instants. */
function minuteOfFiveSignals(seed: number, count = 60): Reading[] {
  let state = seed >>> 0;
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  let [heart, oxygen, breath, temperature, variability] = [72, 970, 150, 3_660, 452];
  return Array.from({ length: count }, (_, second) => {
    heart += Math.round(chance() * 4);
    oxygen = Math.min(1_000, oxygen + Math.round(chance() * 8));
    breath += Math.round(chance() * 6);
    temperature += Math.round(chance() * 3);
    variability += Math.round(chance() * 60);
    const at = { atMs: HOUR_MS + second * 1_000 + Math.round(chance() * 40) + 20 };
    return [
      { code: '8867-4', unit: '/min', ...at, value: heart },
      { code: '59408-5', unit: '%', ...at, value: oxygen / 10 },
      { code: '9279-1', unit: '/min', ...at, value: breath / 10 },
      { code: '8310-5', unit: 'Cel', ...at, value: temperature / 100 },
      { code: '80404-7', unit: 'ms', ...at, value: variability / 10 },
    ] satisfies Reading[];
  }).flat();
}

const EXAMPLE: ChunkContent = {
  deviceId: '0123456789abcdef0123456789abcdef',
  boot: 3,
  firstSequence: 4_711,
  zoneOffsetMinutes: -210,
  readings: canonicalOrder(minuteOfFiveSignals(1)),
  salt: new Uint8Array(16).fill(9),
};

describe('a chunk', () => {
  it('comes back from its bytes without any loss', () => {
    fc.assert(
      fc.property(content, (one) => {
        const { readings, salt, signature, ...header } = decodeChunk(chunkOf(one));
        expect(readings).toEqual(one.readings);
        expect({ salt, signature }).toEqual({ salt: one.salt, signature: SIGNATURE });
        expect(header).toMatchObject({
          deviceId: one.deviceId,
          boot: one.boot,
          firstSequence: one.firstSequence,
          zoneOffsetMinutes: one.zoneOffsetMinutes,
          count: one.readings.length,
          startMs: one.readings[0]?.atMs,
        });
      }),
    );
  });

  it('has one header and one set of summaries, however they are read', () => {
    fc.assert(
      fc.property(content, (one) => {
        const bytes = chunkOf(one);
        const { readings, summaries, ...chunk } = decodeChunk(bytes);
        expect(chunk).toMatchObject(chunkHeader(bytes));
        expect(checkChunk(bytes)).toEqual(chunkHeader(bytes));
        expect(chunkSummaries(bytes)).toEqual(summaries);
        expect(summarizeReadings(readings)).toEqual(summaries);
      }),
    );
  });

  it.each([1, 2, 3])(
    'takes at most 2.2 bytes a reading (limit 4) for 300 readings of five signals at 1 Hz, seed %i',
    (seed) => {
      const readings = canonicalOrder(minuteOfFiveSignals(seed));
      expect(readings).toHaveLength(300);
      expect(chunkOf({ ...EXAMPLE, readings }).length / readings.length).toBeLessThanOrEqual(2.2);
    },
  );

  it('ends where its longest reading ends', () => {
    const readings: Reading[] = [
      { code: '93832-4', unit: 'h', atMs: HOUR_MS, durationMs: 8 * CHUNK_HOUR_MS, value: 7.5 },
      { code: '8867-4', unit: '/min', atMs: HOUR_MS + 1_000, value: 55 },
    ];
    expect(chunkHeader(chunkOf({ ...EXAMPLE, readings }))).toMatchObject({
      startMs: HOUR_MS,
      endMs: HOUR_MS + 8 * CHUNK_HOUR_MS,
    });
  });

  it('keeps two readings of one code at the same moment in their order', () => {
    const twice = [70, 74, 71].map(
      (heart): Reading => ({ code: '8867-4', unit: '/min', atMs: HOUR_MS, value: heart }),
    );
    const readings = canonicalOrder(twice);
    expect(readings).toEqual(twice);
    expect(decodeChunk(chunkOf({ ...EXAMPLE, readings })).readings).toEqual(twice);
  });

  it('counts an implausible value, keeps it, and leaves it out of the statistics', () => {
    const readings = [60, 999, 62].map(
      (heart, i): Reading => ({ code: '8867-4', unit: '/min', atMs: HOUR_MS + i, value: heart }),
    );
    const chunk = decodeChunk(chunkOf({ ...EXAMPLE, readings }));
    expect(chunk.readings).toEqual(readings);
    expect(chunk.summaries).toEqual([
      {
        code: '8867-4',
        unit: '/min',
        form: 'instant',
        count: 3,
        implausible: 1,
        absent: 0,
        statistics: {
          first: 60,
          firstMs: HOUR_MS,
          last: 62,
          lastMs: HOUR_MS + 2,
          min: 60,
          max: 62,
          sum: 122,
          mean: 61,
        },
      },
    ]);
  });
});

describe('a damaged chunk', () => {
  it('is refused with a code and nothing else, whatever byte was changed', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, where, flip) => {
        const bytes = chunkOf(one);
        const body = bytes.length - SIGNATURE.length;
        bytes[where % body] = (bytes[where % body] ?? 0) ^ flip;
        // A change that still decodes must be another chunk that encodes to these very bytes.
        const code = codeOf(() => {
          const other = decodeChunk(bytes);
          const again = attachSignature(encodeChunk(other), other.signature);
          expect(Buffer.compare(again, bytes)).toBe(0);
        });
        expect(['none', 'malformed']).toContain(code);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused when it is cut off or has something behind it', () => {
    const body = encodeChunk(EXAMPLE);
    for (let length = 0; length < body.length; length += 7) {
      const cut = attachSignature(body.subarray(0, length), SIGNATURE);
      expect(codeOf(() => decodeChunk(cut))).toBe('malformed');
    }
    const longer = attachSignature(Uint8Array.of(...body, 0), SIGNATURE);
    expect(codeOf(() => decodeChunk(longer))).toBe('malformed');
  });

  it('is refused as malformed when it is noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, opened) => {
        const bytes = opened ? Uint8Array.of(0x50, 1, ...noise) : noise;
        for (const read of [decodeChunk, checkChunk, chunkHeader, chunkSummaries]) {
          expect(['none', 'malformed']).toContain(codeOf(() => read(bytes)));
        }
      }),
    );
  });

  it('is refused when its summary is false, although its values are not', () => {
    const readings: Reading[] = [{ code: '8867-4', unit: '/min', atMs: HOUR_MS, value: 60 }];
    const bytes = chunkOf({ ...EXAMPLE, readings });
    const body = bytes.subarray(0, -SIGNATURE.length);
    // The sum, 60 in zigzag, stands before the four bytes of the only series' columns.
    const sum = body.lastIndexOf(120, body.length - 4);
    body[sum] = 118;
    expect(codeOf(() => decodeChunk(bytes))).toBe('malformed');
  });

  it('is oversize above the limit, before anything is read', () => {
    expect(codeOf(() => decodeChunk(new Uint8Array(MAX_CHUNK_BYTES + 1)))).toBe('oversize');
    expect(codeOf(() => splitSignature(new Uint8Array(64)))).toBe('malformed');
  });
});

describe('encoding', () => {
  const at = { atMs: HOUR_MS };
  const heart: Reading = { code: '8867-4', unit: '/min', ...at, value: 60 };
  const strip = { periodMs: 4, origin: 0, factor: 1, data: [1] };
  const refused: [string, Partial<ChunkContent>][] = [
    ['no readings', { readings: [] }],
    ['readings out of order', { readings: [{ ...heart, atMs: HOUR_MS + 1 }, heart] }],
    ['readings of two hours', { readings: [heart, { ...heart, atMs: HOUR_MS + CHUNK_HOUR_MS }] }],
    ['a fraction of a millisecond', { readings: [{ ...heart, atMs: HOUR_MS + 0.5 }] }],
    ['a time that is no number', { readings: [{ ...heart, atMs: Number.NaN }] }],
    ['a value that is not finite', { readings: [{ ...heart, value: Infinity }] }],
    ['a unit of another code', { readings: [{ ...heart, unit: 'Cel' }] }],
    ['no duration at all', { readings: [{ ...heart, durationMs: 0 }] }],
    ['a duration of a week', { readings: [{ ...heart, durationMs: 7 * 24 * CHUNK_HOUR_MS }] }],
    [
      'samples of a heart rate',
      { readings: [{ code: '8867-4', unit: '/min', ...at, sampled: strip }] },
    ],
    ['a single value of a strip', { readings: [{ code: '131329', unit: 'mV', ...at, value: 1 }] }],
    [
      'an empty strip',
      { readings: [{ code: '131329', unit: 'mV', ...at, sampled: { ...strip, data: [] } }] },
    ],
    [
      'a sample beyond 32 bits',
      { readings: [{ code: '131329', unit: 'mV', ...at, sampled: { ...strip, data: [2 ** 31] } }] },
    ],
    ['a device id in capitals', { deviceId: 'AB'.repeat(16) }],
    ['a boot beyond 32 bits', { boot: 2 ** 32 }],
    ['a sequence beyond 48 bits', { firstSequence: 2 ** 48 - 1 }],
    ['a zone no country has', { zoneOffsetMinutes: 900 }],
    ['a short salt', { salt: new Uint8Array(15) }],
  ];

  it.each(refused)('refuses %s', (_what, change) => {
    expect(codeOf(() => encodeChunk({ ...EXAMPLE, ...change }))).toBe('invalid_input');
  });

  it('refuses a signature of another length', () => {
    expect(codeOf(() => attachSignature(encodeChunk(EXAMPLE), new Uint8Array(70)))).toBe(
      'invalid_input',
    );
  });
});

describe('cutting readings into chunks', () => {
  it('keeps all of them, in order, in parts that can be encoded', () => {
    const spread = fc.array(
      fc.tuple(reading, fc.integer({ min: 0, max: 3 })).map(
        ([one, hours]): Reading => ({
          ...one,
          atMs: one.atMs + hours * CHUNK_HOUR_MS,
        }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(spread, (readings) => {
        const parts = partitionReadings(readings);
        expect(parts.flat()).toEqual(canonicalOrder(readings));
        for (const part of parts)
          expect(codeOf(() => encodeChunk({ ...EXAMPLE, readings: part }))).toBe('none');
      }),
    );
  });

  it('ends a chunk before strips, or the costliest readings, outgrow it', () => {
    const data = Array.from({ length: 15_360 }, (_, i) =>
      i % 2 === 0 ? 0x7fff_ffff : -0x8000_0000,
    );
    const strips = [0, 30_000, 60_000].map(
      (offset): Reading => ({
        code: '131329',
        unit: 'mV',
        atMs: HOUR_MS + offset,
        sampled: { periodMs: 1.953125, origin: Math.PI, factor: Math.E, data },
      }),
    );
    const dense = Array.from(
      { length: 5_000 },
      (_, i): Reading => ({
        code: '80404-7',
        unit: 'ms',
        atMs: HOUR_MS + ((i * i) % CHUNK_HOUR_MS),
        durationMs: 80_000_000 + i,
        value: Math.sqrt(i + 0.5),
      }),
    );
    for (const readings of [strips, dense]) {
      const parts = partitionReadings(readings);
      expect(parts.length).toBeGreaterThan(1);
      for (const part of parts)
        expect(codeOf(() => encodeChunk({ ...EXAMPLE, readings: part }))).toBe('none');
    }
  });
});

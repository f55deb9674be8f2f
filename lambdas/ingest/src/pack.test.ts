import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packChunks } from './pack.ts';
import type { ReceivedChunk } from './parse-message.ts';

/** Only what packing looks at is real here. */
function received(device: number, firstSequence: number, size: number, id: number): ReceivedChunk {
  const deviceId = device.toString(16).padStart(32, '0');
  const bytes = Buffer.alloc(size, `${device}.${firstSequence}.`);
  return {
    kind: 'chunk',
    messageId: `m${id}`,
    message: {
      payload: bytes.toString('base64'),
      clientId: deviceId,
      principal: '',
      topic: '',
      receivedAtMs: 0,
    },
    header: {
      deviceId,
      boot: 1,
      firstSequence,
      zoneOffsetMinutes: 0,
      count: 1,
      startMs: 0,
      endMs: 0,
    },
    bytes,
  };
}

const LIMITS = { chunks: 10, bytes: 1_000 };

const batch = fc
  .array(fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 30 }), fc.integer({ min: 20, max: 400 })), {
    maxLength: 80,
  })
  .map((rows) => rows.map(([device, first, size], id) => received(device, first, size, id)));

describe('packing', () => {
  it('loses no message and puts each into one transaction', () => {
    fc.assert(
      fc.property(batch, (chunks) => {
        const packed = packChunks(chunks, LIMITS)
          .flat(2)
          .flatMap(({ messageIds }) => messageIds);
        expect([...packed].sort()).toEqual(chunks.map(({ messageId }) => messageId).sort());
      }),
    );
  });

  it('keeps the limits of a transaction', () => {
    fc.assert(
      fc.property(batch, (chunks) => {
        for (const load of packChunks(chunks, LIMITS).flat()) {
          expect(load.length).toBeGreaterThan(0);
          expect(load.length).toBeLessThanOrEqual(LIMITS.chunks);
          expect(load.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(
            LIMITS.bytes,
          );
        }
      }),
    );
  });

  it('has each device in one transaction of a round, its sequences in order over the rounds', () => {
    fc.assert(
      fc.property(batch, (chunks) => {
        const sequences = new Map<string, number[]>();
        for (const round of packChunks(chunks, LIMITS)) {
          const devices = round.map((load) => new Set(load.map(({ header }) => header.deviceId)));
          const all = devices.flatMap((ids) => [...ids]);
          expect(new Set(all).size).toBe(all.length);
          for (const { header } of round.flat()) {
            sequences.set(header.deviceId, [
              ...(sequences.get(header.deviceId) ?? []),
              header.firstSequence,
            ]);
          }
        }
        for (const found of sequences.values()) {
          expect(found).toEqual([...found].sort((one, other) => one - other));
        }
      }),
    );
  });

  it('uses as few transactions as there is room for', () => {
    const chunks = Array.from({ length: 100 }, (_, device) => received(device, 0, 20, device));
    expect(packChunks(chunks, LIMITS).map((round) => round.length)).toEqual([10]);
  });

  it('takes a chunk that is larger than the limit by itself', () => {
    const [round] = packChunks([received(1, 0, 5_000, 1), received(1, 1, 20, 2)], LIMITS);
    expect(round).toHaveLength(1);
    expect(round?.[0]).toHaveLength(1);
  });
});

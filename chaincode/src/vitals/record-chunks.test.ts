import { beforeEach, describe, expect, it } from '@jest/globals';
import { hexFromBytes, joinChunks, merkleRoot, type Reading } from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import type { LedgerDouble } from '../testing/ledger-double.ts';
import {
  assignWearable,
  HOUR_MS,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  record,
  registerWearable,
  Wearable,
} from '../testing/story.ts';

const watch = new Wearable('watch');
const band = new Wearable('band');
const LATER_MS = NOON_MS + 24 * HOUR_MS;

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith(watch, band);
});

function endorse(chunks: readonly Uint8Array[], nowMs = LATER_MS) {
  const identity = PEOPLE.ingest;
  return ledger.endorse('vitals:RecordChunks', { identity, chunks: joinChunks(chunks), nowMs });
}

function administrate(name: 'device:ReportLost' | 'device:Revoke', sinceMs: number) {
  const input = { deviceId: watch.deviceId, sinceMs };
  return ledger.submit(name, { identity: PEOPLE.administrator, input, nowMs: LATER_MS });
}

describe('recording chunks', () => {
  it('stores exactly the signed bytes under the wearer’s hour', async () => {
    const chunk = watch.chunk({ startMs: NOON_MS + MINUTE_MS, firstSequence: 7 });
    expect(await record(ledger, [chunk])).toEqual(['recorded']);
    const hour = NOON_MS / HOUR_MS;
    const sequence = '7'.padStart(15, '0');
    const key = ['', 'chunk', PATIENT_ID, `00${hour}`, watch.deviceId, '0000000001', sequence, ''];
    expect(ledger.privateData.get(key.join('\u0000'))?.value).toEqual(Uint8Array.from(chunk));
  });

  it('makes public no more than a Merkle root over the recorded chunks, and their number', async () => {
    const chunks = [
      watch.chunk({ startMs: NOON_MS }),
      watch.chunk({ startMs: NOON_MS - MINUTE_MS, firstSequence: 100 }),
      band.chunk({ startMs: NOON_MS }),
    ];
    const { result, stub } = await endorse(chunks);
    const recorded = chunks.filter((_, i) => i !== 1);
    const root = hexFromBytes(merkleRoot(recorded, sha256));
    expect(JSON.parse(result)).toEqual({
      results: [
        { status: 'recorded' },
        { status: 'refused', reason: 'not_assigned' },
        { status: 'recorded' },
      ],
      root,
    });
    expect(stub.event?.name).toBe('ChunksRecorded');
    const announced = JSON.stringify({ count: 2, root });
    expect(Buffer.from(stub.event?.payload ?? []).toString()).toBe(announced);
    expect([...stub.publicWrites]).toEqual([
      [`\u0000root\u0000${stub.getTxID()}\u0000`, Uint8Array.from(Buffer.from(announced))],
    ]);
  });

  it('costs a usual chunk one read and its own write, and one more write a device and an hour', async () => {
    const chunks = [0, 3, 6, 9].map((firstSequence) =>
      watch.chunk({ startMs: NOON_MS + firstSequence * 1_000, firstSequence }),
    );
    const { stub } = await endorse(chunks, NOON_MS + MINUTE_MS);
    const put = 'putPrivateData';
    expect(stub.calls).toEqual(['getPrivateData', put, put, put, put, put, put, 'putState']);
  });

  it('answers a repeated chunk with already, within a transaction and after it', async () => {
    const chunk = watch.chunk({ startMs: NOON_MS });
    expect(await record(ledger, [chunk, chunk])).toEqual(['recorded', 'already']);
    const { result, stub } = await endorse([chunk]);
    expect(JSON.parse(result)).toEqual({ results: [{ status: 'already' }], root: null });
    expect(stub.event).toBeUndefined();
    expect(stub.privateWrites.size + stub.publicWrites.size).toBe(0);
  });

  it('refuses other content under the same sequence, within a transaction and after it', async () => {
    const chunk = watch.chunk({ startMs: NOON_MS });
    const other = watch.chunk({ startMs: NOON_MS, heartRate: 90 });
    expect(await record(ledger, [chunk, other])).toEqual(['recorded', 'sequence_conflict']);
    expect(await record(ledger, [other])).toEqual(['sequence_conflict']);
  });

  it('refuses sequences that another chunk covers, within a transaction and after it', async () => {
    const chunk = watch.chunk({ startMs: NOON_MS, firstSequence: 10, count: 10 });
    const overlapping = [8, 11, 19].map((firstSequence) =>
      watch.chunk({ startMs: NOON_MS + 30_000, firstSequence, count: 3 }),
    );
    const expected = ['overlap', 'overlap', 'overlap'];
    expect(await record(ledger, [chunk, ...overlapping])).toEqual(['recorded', ...expected]);
    expect(await record(ledger, overlapping)).toEqual(expected);
    const fits = watch.chunk({ startMs: NOON_MS + 30_000, firstSequence: 20 });
    expect(await record(ledger, [fits])).toEqual(['recorded']);
  });

  it('lets one of two concurrent deliveries win, and answers the other with already', async () => {
    const chunk = watch.chunk({ startMs: NOON_MS });
    const [first, second] = [await endorse([chunk]), await endorse([chunk])];
    expect(ledger.commit(first)).toBe('VALID');
    expect(ledger.commit(second)).toBe('MVCC_READ_CONFLICT');
    expect(await record(ledger, [chunk])).toEqual(['already']);
  });

  it('keeps boots apart, also one that comes late', async () => {
    const of = (boot: number, firstSequence: number) =>
      watch.chunk({ startMs: NOON_MS + boot * MINUTE_MS, boot, firstSequence });
    expect(await record(ledger, [of(2, 0), of(5, 0), of(3, 0)])).toEqual(Array(3).fill('recorded'));
    expect(await record(ledger, [of(2, 3), of(3, 3), of(5, 3), of(6, 0)])).toEqual(
      Array(4).fill('recorded'),
    );
    const all = [of(2, 0), of(5, 0), of(3, 0), of(2, 3), of(3, 3), of(5, 3), of(6, 0)];
    expect(await record(ledger, all)).toEqual(Array(7).fill('already'));
    const crossing = [2, 3, 5, 6].map((boot) =>
      watch.chunk({ startMs: NOON_MS + boot * MINUTE_MS + 1, boot, firstSequence: 1 }),
    );
    expect(await record(ledger, crossing)).toEqual(Array(4).fill('overlap'));
  });

  it('bounds the gaps of one boot', async () => {
    const gappy = (i: number) =>
      watch.chunk({ startMs: NOON_MS + i * 2_000, firstSequence: i * 2, count: 1 });
    const first = Array.from({ length: 200 }, (_, i) => gappy(i));
    expect(new Set(await record(ledger, first))).toEqual(new Set(['recorded']));
    const next = Array.from({ length: 58 }, (_, i) => gappy(200 + i));
    expect((await record(ledger, next)).slice(55)).toEqual([
      'recorded',
      'too_many_gaps',
      'too_many_gaps',
    ]);
    const filler = watch.chunk({ startMs: NOON_MS + 1_000, firstSequence: 1, count: 1 });
    expect(await record(ledger, [filler, ...next.slice(56, 57)])).toEqual(['recorded', 'recorded']);
  });
});

describe('a chunk is refused', () => {
  it('from an unknown device, or one of another custodian', async () => {
    const chunk = new Wearable('stranger').chunk({ startMs: NOON_MS });
    expect(await record(ledger, [chunk])).toEqual(['unknown_device']);
    const answer = await ledger.submit('vitals:RecordChunks', {
      identity: PEOPLE.clinicIngest,
      chunks: joinChunks([watch.chunk({ startMs: NOON_MS })]),
      nowMs: LATER_MS,
    });
    expect(answer).toMatchObject({ results: [{ reason: 'unknown_device' }] });
  });

  it('with a signature of another key, or of other bytes', async () => {
    const impostor = new Wearable('watch');
    const chunk = watch.chunk({ startMs: NOON_MS });
    const damaged = Uint8Array.from(chunk);
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
    const chunks = [impostor.chunk({ startMs: NOON_MS }), damaged, chunk];
    expect(await record(ledger, chunks)).toEqual(['bad_signature', 'bad_signature', 'recorded']);
  });

  it('when it is malformed or oversize, without failing the others', async () => {
    const chunk = watch.chunk({ startMs: NOON_MS });
    const chunks = [chunk.subarray(5), new Uint8Array(130 * 1024), new Uint8Array(0), chunk];
    const expected = ['malformed', 'oversize', 'malformed', 'recorded'];
    expect(await record(ledger, chunks)).toEqual(expected);
  });

  it('when its device was nobody’s, or two people’s, for a part of its time', async () => {
    const ring = new Wearable('ring');
    await registerWearable(ledger, ring);
    const [fromMs, untilMs] = [NOON_MS + MINUTE_MS, NOON_MS + 2 * MINUTE_MS];
    await assignWearable(ledger, ring, { fromMs, untilMs });
    const next = { patientId: OTHER_PATIENT_ID, fromMs: untilMs, untilMs: null };
    await assignWearable(ledger, ring, next);
    const chunks = [
      ring.chunk({ startMs: fromMs - 1_000 }),
      ring.chunk({ startMs: untilMs - 2_000 }),
      ring.chunk({ startMs: untilMs - 3_000 }),
      ring.chunk({ startMs: untilMs, firstSequence: 3 }),
    ];
    const expected = ['not_assigned', 'not_assigned', 'recorded', 'recorded'];
    expect(await record(ledger, chunks)).toEqual(expected);
    const owners = [...ledger.privateData.keys()]
      .filter((key) => key.startsWith('\u0000chunk'))
      .map((key) => key.split('\u0000')[2]);
    expect(owners.sort()).toEqual([PATIENT_ID, OTHER_PATIENT_ID].sort());
  });

  it('when it is more than five minutes ahead of the transaction', async () => {
    const nowMs = NOON_MS + 10_000;
    const ahead = (byMs: number) =>
      watch.chunk({ startMs: nowMs + byMs, count: 1, firstSequence: byMs });
    expect(await record(ledger, [ahead(300_001), ahead(300_000)], nowMs)).toEqual([
      'clock_out_of_range',
      'recorded',
    ]);
  });

  it('when it reaches beyond the loss of its device; what was before still comes in', async () => {
    await administrate('device:ReportLost', NOON_MS + MINUTE_MS);
    const before = watch.chunk({ startMs: NOON_MS + MINUTE_MS - 3_000 });
    const across = watch.chunk({ startMs: NOON_MS + MINUTE_MS - 2_000, firstSequence: 10 });
    const after = watch.chunk({ startMs: NOON_MS + HOUR_MS, firstSequence: 20 });
    expect(await record(ledger, [before, across, after])).toEqual([
      'recorded',
      'device_lost',
      'device_lost',
    ]);
    expect(await record(ledger, [before])).toEqual(['already']);
  });

  it('when its device is revoked, whatever time it states, unless it was recorded before', async () => {
    const before = watch.chunk({ startMs: NOON_MS });
    await record(ledger, [before]);
    await administrate('device:Revoke', NOON_MS + MINUTE_MS);
    const backdated = watch.chunk({ startMs: NOON_MS + 10_000, firstSequence: 10 });
    expect(await record(ledger, [before, backdated])).toEqual(['already', 'device_revoked']);
  });

  it('never because a value is implausible', async () => {
    const readings: Reading[] = [{ code: '8867-4', unit: '/min', atMs: NOON_MS, value: 999 }];
    const chunk = watch.signed({ boot: 1, firstSequence: 0, readings });
    expect(await record(ledger, [chunk])).toEqual(['recorded']);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  ChangeOutput,
  HOUR_CLOSES_AFTER_MS,
  joinChunks,
  LATE_AFTER_MS,
  ListHourChunksOutput,
  ListOpenHoursOutput,
  type OpenHour,
  PulseError,
  ReadChunksOutput,
} from '@pulseledger/domain';
import { readOpened } from '../testing/attesting.ts';
import type { LedgerDouble } from '../testing/ledger-double.ts';
import {
  HOUR_MS,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  record,
  Wearable,
} from '../testing/story.ts';

const watch = new Wearable('watch');
const band = new Wearable('band');
const NEXT_DAY_MS = NOON_MS + 24 * HOUR_MS;
const SALT_HEX = '77'.repeat(16);

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith(watch, band);
});

async function listOpen(input: object = {}, endedByMs = NEXT_DAY_MS): Promise<OpenHour[]> {
  const answer = await ledger.evaluate('vitals:ListOpenHours', {
    identity: PEOPLE.ingest,
    input: { endedByMs, pageSize: 100, ...input },
    nowMs: NEXT_DAY_MS,
  });
  return [...ListOpenHoursOutput.parse(answer).hours];
}

/** Hours after noon that are open. */
async function openHours(endedByMs?: number): Promise<number[]> {
  return (await listOpen({}, endedByMs)).map(({ hourMs }) => (hourMs - NOON_MS) / HOUR_MS);
}

async function proposalOf({ patientId, hourMs, mark }: OpenHour, nowMs: number) {
  const identity = PEOPLE.ingest;
  const listed = await ledger.evaluate('vitals:ListHourChunks', {
    ...{ identity, nowMs },
    input: { patientId, hourMs },
  });
  const { chunkKeys } = ListHourChunksOutput.parse(listed);
  return { identity, nowMs, input: { patientId, hourMs, mark, chunkKeys, saltHex: SALT_HEX } };
}

async function close(open: OpenHour | undefined, nowMs = NEXT_DAY_MS): Promise<string> {
  if (open === undefined) throw new Error('there is no open hour');
  const proposal = await proposalOf(open, nowMs);
  return ChangeOutput.parse(await ledger.submit('vitals:CloseHour', proposal)).status;
}

function privateWrites(chunks: readonly Uint8Array[], nowMs: number): Promise<number> {
  return ledger
    .endorse('vitals:RecordChunks', {
      ...{ identity: PEOPLE.ingest, nowMs },
      chunks: joinChunks(chunks),
    })
    .then((endorsement) => {
      expect(ledger.commit(endorsement)).toBe('VALID');
      return endorsement.stub.privateWrites.size;
    });
}

describe('open hours', () => {
  it('are those with chunks that no summary counts, oldest first, in pages', async () => {
    await record(ledger, [
      watch.chunk({ startMs: NOON_MS + HOUR_MS, firstSequence: 3 }),
      watch.chunk({ startMs: NOON_MS, firstSequence: 0 }),
      band.chunk({ startMs: NOON_MS + MINUTE_MS }),
    ]);
    expect(await openHours()).toEqual([0, 1]);
    expect(await openHours(NOON_MS + 2 * HOUR_MS - 1)).toEqual([0]);
    const [first, second] = await listOpen();
    const bookmark = `${String((first?.hourMs ?? 0) / HOUR_MS).padStart(8, '0')}.${PATIENT_ID}`;
    expect(await listOpen({ pageSize: 1 })).toEqual([first]);
    expect(await listOpen({ bookmark })).toEqual([second]);
    expect(await close(first)).toBe('changed');
    expect(await openHours()).toEqual([1]);
    expect(await close(second)).toBe('changed');
    expect(await openHours()).toEqual([]);
  });

  it('are open again when a late chunk comes, whatever came before it', async () => {
    const chunks = [0, 1, 2].map((nth) =>
      watch.chunk({ startMs: NOON_MS + nth * 20 * MINUTE_MS, firstSequence: nth * 3 }),
    );
    for (const chunk of chunks) {
      await record(ledger, [chunk]);
      expect(await openHours()).toEqual([0]);
      expect(await close((await listOpen())[0])).toBe('changed');
    }
    await record(ledger, chunks);
    expect(await openHours()).toEqual([]);
  });

  it('cost one write an hour as long as chunks come in time, and each boot one', async () => {
    const writes: number[] = [];
    for (const minute of [0, 1, 59, 60, 61]) {
      const startMs = NOON_MS + minute * MINUTE_MS;
      const chunk = watch.chunk({ startMs, firstSequence: minute * 3 });
      writes.push(await privateWrites([chunk], startMs + 10_000));
    }
    const startMs = NOON_MS + 62 * MINUTE_MS;
    writes.push(await privateWrites([watch.chunk({ boot: 2, startMs })], startMs + 10_000));
    // Chunk and device each time; the device's document and that of its boot before; the mark.
    expect(writes).toEqual([3, 2, 2, 3, 2, 4]);
    expect(await openHours()).toEqual([0, 1]);
  });

  it('are those of both people when a device changes hands within the hour', async () => {
    const atMs = NOON_MS + 10 * MINUTE_MS;
    await record(ledger, [watch.chunk({ startMs: NOON_MS })], NOON_MS + MINUTE_MS);
    const administrator = { identity: PEOPLE.administrator, nowMs: atMs };
    const { deviceId } = watch;
    const input = { deviceId, patientId: PATIENT_ID, untilMs: atMs };
    await ledger.submit('device:EndAssignment', { ...administrator, input });
    const next = { deviceId, patientId: OTHER_PATIENT_ID, fromMs: atMs, untilMs: null };
    await ledger.submit('device:Assign', { ...administrator, input: next });
    await record(ledger, [watch.chunk({ startMs: atMs, firstSequence: 3 })], atMs + MINUTE_MS);
    const patients = (await listOpen()).map(({ patientId }) => patientId);
    expect(patients.sort()).toEqual([PATIENT_ID, OTHER_PATIENT_ID].sort());
  });
});

describe('closing an open hour', () => {
  const first = watch.chunk({ startMs: NOON_MS });
  const second = watch.chunk({ startMs: NOON_MS + MINUTE_MS, firstSequence: 3 });

  it('is refused until the hour is over for long enough', async () => {
    await record(ledger, [first]);
    const [open] = await listOpen();
    const dueMs = NOON_MS + HOUR_MS + HOUR_CLOSES_AFTER_MS;
    await expect(close(open, dueMs - 1)).rejects.toThrow('conflict: ');
    expect(await close(open, dueMs)).toBe('changed');
  });

  it('leaves it open when a chunk came after it was listed', async () => {
    await record(ledger, [first]);
    const [open] = await listOpen();
    await record(ledger, [second]);
    expect(await close(open)).toBe('changed');
    const [again] = await listOpen();
    expect(again?.mark).not.toBe(open?.mark);
    // All is counted already, so only the mark goes.
    expect(await close(again)).toBe('changed');
    expect(await openHours()).toEqual([]);
  });

  it('is invalid when a chunk comes before it is ordered', async () => {
    await record(ledger, [first]);
    const [open] = await listOpen();
    if (open === undefined) throw new PulseError('internal');
    const endorsed = await ledger.endorse('vitals:CloseHour', await proposalOf(open, NEXT_DAY_MS));
    await record(ledger, [second]);
    expect(ledger.commit(endorsed)).toBe('MVCC_READ_CONFLICT');
    expect(await openHours()).toEqual([0]);
  });

  it('by two services at once is done once', async () => {
    await record(ledger, [first]);
    const [open] = await listOpen();
    if (open === undefined) throw new PulseError('internal');
    const proposal = await proposalOf(open, NEXT_DAY_MS);
    const both = await Promise.all([1, 2].map(() => ledger.endorse('vitals:CloseHour', proposal)));
    expect(both.map((one) => ledger.commit(one))).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    expect(await ledger.submit('vitals:CloseHour', proposal)).toEqual({ status: 'unchanged' });
  });
});

describe('a chunk that comes late', () => {
  const inTime = watch.chunk({ startMs: NOON_MS + 30 * MINUTE_MS, firstSequence: 30 });
  const late = watch.chunk({ startMs: NOON_MS + 29 * MINUTE_MS, firstSequence: 0 });

  it('says so to its readers, with the time when it was recorded, also when read alone', async () => {
    const endMs = NOON_MS + 29 * MINUTE_MS + 2_000;
    await record(ledger, [inTime], NOON_MS + 31 * MINUTE_MS);
    const atMs = endMs + LATE_AFTER_MS + 1;
    await record(ledger, [late], atMs);
    await record(ledger, [late, inTime], NEXT_DAY_MS);
    const identity = PEOPLE.patient;
    const read = (input: object) =>
      readOpened(ledger, 'vitals:ReadChunks', {
        ...{ identity, nowMs: NEXT_DAY_MS },
        input: { patientId: PATIENT_ID, fromMs: NOON_MS, toMs: NEXT_DAY_MS, ...input },
      });
    const whole = ReadChunksOutput.parse(await read({ pageSize: 10 }));
    expect(whole.chunks).toHaveLength(2);
    expect(whole.late).toEqual([{ index: 0, recordedAtMs: atMs }]);
    const page = ReadChunksOutput.parse(await read({ pageSize: 1 }));
    expect(page.late).toEqual([{ index: 0, recordedAtMs: atMs }]);
    const rest = ReadChunksOutput.parse(await read({ pageSize: 1, bookmark: page.bookmark }));
    expect([rest.chunks.length, rest.late]).toEqual([1, undefined]);
    const find = (sequence: number, measuredMs: number) =>
      readOpened(ledger, 'vitals:FindChunk', {
        ...{ identity, nowMs: NEXT_DAY_MS },
        input: {
          ...{ patientId: PATIENT_ID, deviceId: watch.deviceId },
          ...{ boot: 1, sequence, atMs: measuredMs },
        },
      });
    expect(await find(1, endMs - 1_000)).toMatchObject({ lateRecordedAtMs: atMs });
    expect(await find(31, NOON_MS + 30 * MINUTE_MS + 1_000)).not.toHaveProperty('lateRecordedAtMs');
  });

  it('is not late up to the limit', async () => {
    const endMs = NOON_MS + 29 * MINUTE_MS + 2_000;
    expect(await privateWrites([late], endMs + LATE_AFTER_MS)).toBe(3);
  });
});

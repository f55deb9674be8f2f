import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  chunkHeader,
  ReadChunksOutput,
  ReadSummariesOutput,
  type VitalCode,
} from '@pulseledger/domain';
import { readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  HOUR_MS,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  record,
  setTreating,
  Wearable,
} from '../testing/story.ts';

const watch = new Wearable('watch');
const band = new Wearable('band');
const PERIOD = {
  patientId: PATIENT_ID,
  fromMs: NOON_MS,
  toMs: NOON_MS + 6 * HOUR_MS,
  pageSize: 100,
};
const LATER_MS = NOON_MS + 24 * HOUR_MS;
/** Of no chunk. */
const MARK = '11'.repeat(32);

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith(watch, band);
  await setTreating(ledger, PEOPLE.doctor);
});

interface Query {
  fromMs?: number;
  toMs?: number;
  codes?: VitalCode[];
  pageSize?: number;
  bookmark?: string;
}

function ask(
  name: 'vitals:ReadChunks' | 'vitals:ReadMinutes' | 'vitals:ReadHours',
  query: Query = {},
  identity: Identity = PEOPLE.doctor,
): Promise<unknown> {
  return readOpened(ledger, name, {
    ...{ identity, nowMs: LATER_MS },
    input: { ...PERIOD, ...query },
  });
}

async function starts(query: Query = {}): Promise<number[]> {
  const { chunks } = ReadChunksOutput.parse(await ask('vitals:ReadChunks', query));
  return chunks.map((chunk) => chunkHeader(Buffer.from(chunk, 'base64')).startMs - NOON_MS);
}

describe('reading chunks', () => {
  const offsets = [0, MINUTE_MS, 2 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS];
  const chunks = offsets.map((offset, i) =>
    watch.chunk({ startMs: NOON_MS + offset, firstSequence: i * 3 }),
  );
  beforeEach(async () => {
    await record(ledger, chunks);
  });

  it('gives the patient and the doctor the signed bytes, in order', async () => {
    for (const identity of [PEOPLE.patient, PEOPLE.doctor]) {
      const page = ReadChunksOutput.parse(await ask('vitals:ReadChunks', {}, identity));
      const bytes = page.chunks.map((chunk) => Uint8Array.from(Buffer.from(chunk, 'base64')));
      expect(bytes).toEqual(chunks.map((chunk) => Uint8Array.from(chunk)));
      expect(page.bookmark).toBeUndefined();
    }
  });

  it('gives nobody else anything', async () => {
    for (const identity of [PEOPLE.otherPatient, PEOPLE.nurse, PEOPLE.clinicDoctor]) {
      for (const name of ['vitals:ReadChunks', 'vitals:ReadMinutes', 'vitals:ReadHours'] as const) {
        await expect(ask(name, {}, identity)).rejects.toThrow('access_denied: ');
      }
    }
  });

  it.each([1, 2, 3, 5])('comes in pages of %i without gap or repetition', async (pageSize) => {
    const found: number[] = [];
    let bookmark: string | undefined;
    do {
      const query = bookmark === undefined ? { pageSize } : { pageSize, bookmark };
      const page = ReadChunksOutput.parse(await ask('vitals:ReadChunks', query));
      expect(page.chunks.length).toBeLessThanOrEqual(pageSize);
      found.push(...page.chunks.map((chunk) => chunkHeader(Buffer.from(chunk, 'base64')).startMs));
      bookmark = page.bookmark;
    } while (bookmark !== undefined);
    expect(found).toEqual(offsets.map((offset) => NOON_MS + offset));
  });

  it('keeps to the period, to the millisecond', async () => {
    expect(await starts({ fromMs: NOON_MS + MINUTE_MS, toMs: NOON_MS + HOUR_MS })).toEqual([
      MINUTE_MS,
      2 * MINUTE_MS,
    ]);
    // The last reading of the first chunk starts two seconds after it.
    expect(await starts({ fromMs: NOON_MS + 2_000, toMs: NOON_MS + MINUTE_MS })).toEqual([0]);
    expect(await starts({ fromMs: NOON_MS + 2_001, toMs: NOON_MS + MINUTE_MS })).toEqual([]);
    expect(await starts({ fromMs: NOON_MS, toMs: NOON_MS + 1 })).toEqual([0]);
    await expect(starts({ toMs: NOON_MS })).rejects.toThrow('invalid_input: ');
  });

  it('chooses by code', async () => {
    const atMs = NOON_MS + 3 * MINUTE_MS;
    const warm = band.signed({
      boot: 1,
      firstSequence: 0,
      readings: [{ code: '8310-5', unit: 'Cel', atMs, value: 36.6 }],
    });
    await record(ledger, [warm]);
    expect(await starts({ codes: ['8310-5', '2339-0'] })).toEqual([3 * MINUTE_MS]);
    expect(await starts({ codes: ['8867-4'] })).toEqual(offsets);
    expect(await starts({ codes: ['2339-0'] })).toEqual([]);
  });

  it('refuses a bookmark of another query', async () => {
    const { bookmark = '' } = ReadChunksOutput.parse(
      await ask('vitals:ReadChunks', { pageSize: 1 }),
    );
    for (const wrong of ['x', `${bookmark}0`, bookmark.replace(/^\d{8}/, '00000001')]) {
      await expect(starts({ bookmark: wrong })).rejects.toThrow('invalid_input: ');
    }
  });
});

describe('finding the chunk of one reading', () => {
  const chunk = watch.chunk({ startMs: NOON_MS, firstSequence: 40, count: 10 });
  const reading = { deviceId: watch.deviceId, boot: 1, sequence: 47, atMs: NOON_MS + 7_000 };
  const find = (input: object, identity: Identity = PEOPLE.doctor) =>
    readOpened(ledger, 'vitals:FindChunk', {
      ...{ identity, nowMs: LATER_MS },
      input: { patientId: PATIENT_ID, ...input },
    });
  beforeEach(async () => {
    const before = watch.chunk({ startMs: NOON_MS, firstSequence: 0, count: 40 });
    await record(ledger, [before, chunk]);
  });

  it('gives a reader the chunk and the patient', async () => {
    const expected = {
      patientId: PATIENT_ID,
      chunk: Buffer.from(chunk).toString('base64'),
      lateRecordedAtMs: LATER_MS,
    };
    for (const sequence of [40, 47, 49]) {
      expect(await find({ ...reading, sequence })).toEqual(expected);
    }
    expect(await find(reading, PEOPLE.patient)).toEqual(expected);
  });

  const misses: [string, object, Identity][] = [
    ['an unknown device', { deviceId: 'f'.repeat(32) }, PEOPLE.doctor],
    ['another boot', { boot: 2 }, PEOPLE.doctor],
    ['a sequence beyond the last', { sequence: 50 }, PEOPLE.doctor],
    ['another hour', { atMs: NOON_MS + HOUR_MS }, PEOPLE.doctor],
    ['a time when nobody wore it', { atMs: NOON_MS - 1 }, PEOPLE.doctor],
  ];
  it.each(misses)('answers the same for %s', async (_what, change, identity) => {
    const call = find({ ...reading, ...change }, identity);
    await expect(call).rejects.toThrow('not_found: There is no such record.');
  });

  it.each([PEOPLE.clinicDoctor, PEOPLE.otherPatient])(
    'is not for a $role of $mspId who has nothing to do with the patient',
    async (identity) => {
      await expect(find(reading, identity)).rejects.toThrow('access_denied: ');
    },
  );
});

describe('minutes', () => {
  beforeEach(async () => {
    const chunks = [0, 30_000, 60_000, HOUR_MS, HOUR_MS + 60_000].map((offset, i) =>
      watch.chunk({ startMs: NOON_MS + offset, firstSequence: i * 3, heartRate: 60 + i * 10 }),
    );
    await record(ledger, chunks);
  });

  it('sum up the readings that start in them, across chunks', async () => {
    const { rows } = ReadSummariesOutput.parse(await ask('vitals:ReadMinutes'));
    expect(rows.map(({ atMs }) => atMs - NOON_MS)).toEqual([0, 60_000, HOUR_MS, HOUR_MS + 60_000]);
    expect(rows[0]?.summaries).toMatchObject([
      { code: '8867-4', count: 6, statistics: { first: 60, last: 72, min: 60, max: 72, mean: 66 } },
    ]);
  });

  it('keep to period and code, and come in pages of whole hours', async () => {
    const first = ReadSummariesOutput.parse(await ask('vitals:ReadMinutes', { pageSize: 1 }));
    expect(first.rows).toHaveLength(2);
    const { bookmark = '' } = first;
    const second = ReadSummariesOutput.parse(
      await ask('vitals:ReadMinutes', { pageSize: 9, bookmark }),
    );
    expect(second.rows.map(({ atMs }) => atMs - NOON_MS)).toEqual([HOUR_MS, HOUR_MS + 60_000]);
    expect(second.bookmark).toBeUndefined();
    const query = { fromMs: NOON_MS + 31_000, toMs: NOON_MS + 32_000 };
    const { rows } = ReadSummariesOutput.parse(await ask('vitals:ReadMinutes', query));
    expect(rows).toMatchObject([{ summaries: [{ count: 1, statistics: { mean: 71 } }] }]);
    expect(await ask('vitals:ReadMinutes', { codes: ['2339-0'] })).toEqual({ rows: [] });
    await expect(ask('vitals:ReadMinutes', { bookmark: 'noon' })).rejects.toThrow(
      'invalid_input: ',
    );
  });
});

describe('hours', () => {
  const close = (chunkKeys: unknown, hourMs = NOON_MS, patientId = PATIENT_ID) => {
    const input = { patientId, hourMs, mark: MARK, chunkKeys, saltHex: '77'.repeat(16) };
    return ledger.submit('vitals:CloseHour', { identity: PEOPLE.ingest, input, nowMs: LATER_MS });
  };
  const list = async (hourMs = NOON_MS): Promise<string[]> => {
    const input = { patientId: PATIENT_ID, hourMs };
    const call = { identity: PEOPLE.ingest, input, nowMs: LATER_MS };
    const { chunkKeys } = (await ledger.evaluate('vitals:ListHourChunks', call)) as {
      chunkKeys: string[];
    };
    return chunkKeys;
  };
  const first = watch.chunk({ startMs: NOON_MS + 2 * MINUTE_MS, heartRate: 60 });
  const second = band.chunk({ startMs: NOON_MS + 3 * MINUTE_MS, heartRate: 90 });
  const late = watch.chunk({ startMs: NOON_MS + MINUTE_MS, firstSequence: 3, heartRate: 50 });
  beforeEach(async () => {
    await record(ledger, [first, second]);
  });

  it('are summed up once, and again when late chunks came', async () => {
    expect(await close(await list())).toEqual({ status: 'changed' });
    expect(await close((await list()).toReversed())).toEqual({ status: 'unchanged' });
    const before = await ask('vitals:ReadHours');
    expect(before).toMatchObject({
      rows: [
        {
          atMs: NOON_MS,
          summaries: [
            { count: 6, statistics: { first: 60, last: 92, min: 60, max: 92, mean: 76 } },
          ],
        },
      ],
    });
    await record(ledger, [late]);
    expect(await close(await list())).toEqual({ status: 'changed' });
    expect(await ask('vitals:ReadHours')).toMatchObject({
      rows: [{ summaries: [{ count: 9, statistics: { first: 50, last: 92, min: 50 } }] }],
    });
  });

  it('count a chunk once, however often it is named', async () => {
    const keys = await list();
    await close([...keys, ...keys]);
    expect(await ask('vitals:ReadHours')).toMatchObject({ rows: [{ summaries: [{ count: 6 }] }] });
  });

  it('never lose what they counted', async () => {
    await close(await list());
    await expect(close((await list()).slice(1))).rejects.toThrow('conflict: ');
  });

  it('are not made of chunks of another hour or patient', async () => {
    const keys = await list();
    await expect(close(keys, NOON_MS + HOUR_MS)).rejects.toThrow('not_found: ');
    await expect(close(keys, NOON_MS, OTHER_PATIENT_ID)).rejects.toThrow('not_found: ');
    await expect(close([])).rejects.toThrow('invalid_input: ');
    expect(await list(NOON_MS + HOUR_MS)).toEqual([]);
  });

  it('are read by period and code, in pages', async () => {
    await record(ledger, [watch.chunk({ startMs: NOON_MS + HOUR_MS, firstSequence: 9 })]);
    await close(await list());
    await close(await list(NOON_MS + HOUR_MS), NOON_MS + HOUR_MS);
    const page = ReadSummariesOutput.parse(await ask('vitals:ReadHours', { pageSize: 1 }));
    expect(page.rows.map(({ atMs }) => atMs)).toEqual([NOON_MS]);
    const { bookmark = '' } = page;
    const next = ReadSummariesOutput.parse(await ask('vitals:ReadHours', { bookmark }));
    expect(next.rows.map(({ atMs }) => atMs)).toEqual([NOON_MS + HOUR_MS]);
    expect(await ask('vitals:ReadHours', { codes: ['8310-5'] })).toEqual({ rows: [] });
    const query = { fromMs: NOON_MS + HOUR_MS + 1, toMs: NOON_MS + 2 * HOUR_MS };
    const { rows } = ReadSummariesOutput.parse(await ask('vitals:ReadHours', query));
    expect(rows).toHaveLength(1);
  });
});

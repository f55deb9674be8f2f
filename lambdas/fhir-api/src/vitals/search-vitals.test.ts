import { describe, expect, it } from '@jest/globals';
import { type Reading, VITAL_CODES } from '@pulseledger/domain';
import fc from 'fast-check';
import { parseQuery } from '../search/query.ts';
import {
  bundleOf,
  codeIn,
  linkOf,
  observationsIn,
  type Received,
  type TestApi,
  testApi,
} from '../testing/api.ts';
import type { MemoryRecord, Sent } from '../testing/memory-record.ts';
import {
  AMINA,
  amina,
  boris,
  doctor,
  emptyRecord,
  heartRate,
  MINUTE_MS,
  NOON,
  nurse,
  SECOND_MS,
  storyRecord,
  TEN,
  WATCH,
} from '../testing/story.ts';
import { observationKind } from './observation-kinds.ts';
import { itemOf, PageInMaking } from './search-vitals.ts';
import { vitalsQueryOf } from './vitals-query.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

async function ids(answer: Promise<Received>): Promise<(string | undefined)[]> {
  return observationsIn(await answer).map(({ id }) => id);
}

async function codes(api: TestApi, query: string): Promise<string[]> {
  const answer = await api.send(amina, `Observation?patient=${AMINA}&_count=1000&${query}`);
  const found = observationsIn(answer).map(({ code }) => code.coding?.[0]?.code ?? '');
  return [...new Set(found)].sort();
}

/** Follows next links to the end. */
async function pages(api: TestApi, first: string): Promise<Received[]> {
  const found: Received[] = [];
  for (let link: string | undefined = first; link !== undefined; ) {
    const answer = await api.send(amina, link);
    expect(answer.status).toBe(200);
    found.push(answer);
    link = linkOf(answer, 'next');
    expect(found.length).toBeLessThan(500);
  }
  return found;
}

function allIds(received: readonly Received[]): string[] {
  return received.flatMap((answer) => observationsIn(answer).map(({ id }) => id ?? ''));
}

/** Two days of a heart rate a minute, a temperature every half an hour, and a contract that scans little at once. */
function minutesOfDays(): MemoryRecord {
  const record = emptyRecord({ scannedChunks: 20 });
  for (let minute = 0; minute < 2_880; minute += 1) {
    const atMs = NOON - 2 * DAY_MS + minute * MINUTE_MS;
    const temperature: Reading = { code: '8310-5', unit: 'Cel', atMs, value: 36.5 };
    const readings = [heartRate(atMs), ...(minute % 30 === 0 ? [temperature] : [])];
    record.send({ deviceId: WATCH, firstSequence: minute * 2, readings });
  }
  return record;
}

describe('searching Observations', () => {
  const record = storyRecord();
  const api = testApi(record, [amina, doctor, boris, nurse]);

  it('finds all of a patient, newest first', async () => {
    const answer = await api.send(doctor, `Observation?patient=${AMINA}`);
    const bundle = bundleOf(answer);
    expect(bundle.type).toBe('searchset');
    expect(bundle.entry).toHaveLength(22);
    const times = observationsIn(answer).map((found) =>
      Date.parse(found.effectiveDateTime ?? found.effectivePeriod?.start ?? ''),
    );
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(bundle.entry?.[0]?.fullUrl).toBe(
      `https://api.pulse.test/fhir/Observation/${bundle.entry?.[0]?.resource?.id ?? ''}`,
    );
  });

  it.each([
    ['code=8867-4', ['8867-4']],
    ['code=http://loinc.org|8867-4', ['8867-4']],
    ['code=http%3A%2F%2Floinc.org%7C8867-4', ['8867-4']],
    ['code=8867-4,9279-1', ['8867-4', '9279-1']],
    ['code=2708-6', ['59408-5']],
    ['code=85354-9', ['85354-9']],
    ['code=urn:iso:std:iso:11073:10101|', ['131329']],
    ['code=|8867-4', []],
    ['code=http://snomed.info/sct|8867-4', []],
    ['code=0000-0', []],
    ['code=8480-6', []],
    ['code=8867-4&code=9279-1', []],
    ['code=8867-4&code=http://loinc.org|', ['8867-4']],
    ['category=laboratory', ['15074-8', '2339-0']],
    ['category=laboratory&code=2339-0', ['2339-0']],
    ['category=http://terminology.hl7.org/CodeSystem/observation-category|procedure', ['131329']],
    ['category=survey', []],
  ])('with %s finds %p', async (query, expected) => {
    expect(await codes(api, query)).toEqual(expected);
  });

  it('finds readings by time, on the clock of the device when no zone is given', async () => {
    const count = async (query: string) =>
      observationsIn(await api.send(amina, `Observation?patient=${AMINA}&code=8867-4&${query}`))
        .length;
    expect(await count('date=2026-03')).toBe(3);
    expect(await count('date=2026-03-05T12:00')).toBe(3);
    expect(await count('date=2026-03-05T10:00')).toBe(0);
    expect(await count('date=2026-03-05T10:00Z')).toBe(3);
    expect(await count('date=gt2026-03-05T10:00:00Z')).toBe(2);
    expect(await count('date=ge2026-03-05T12:00:00+02:00')).toBe(3);
    expect(await count('date=ge2026-03-05T10:00:01Z&date=lt2026-03-05T10:00:02Z')).toBe(1);
    expect(await count('date=2026-03-05T10:00:00Z,2026-03-05T10:00:02Z')).toBe(2);
    expect(await count('date=ne2026-03-05T10:00:00Z')).toBe(2);
    expect(await count('date=2027')).toBe(0);
  });

  it('finds a long reading by a time within it', async () => {
    const query = `Observation?patient=${AMINA}&code=41950-7&date=gt2026-03-06T11:00`;
    expect(observationsIn(await api.send(amina, query))).toHaveLength(1);
  });

  it.each([
    `patient=${AMINA}`,
    `patient=Patient/${AMINA}`,
    `subject=Patient/${AMINA}`,
    `subject:Patient=${AMINA}`,
    `patient=https://api.pulse.test/fhir/Patient/${AMINA}`,
    `patient=${AMINA}&subject=Patient/${AMINA}`,
  ])('takes the patient as %s', async (query) => {
    expect(observationsIn(await api.send(amina, `Observation?${query}`))).toHaveLength(22);
  });

  it.each([
    ['no patient', '', 'invalid_input'],
    ['an empty patient', 'patient=', 'invalid_input'],
    ['two patients', `patient=${AMINA}&subject=${WATCH}`, 'invalid_input'],
    ['a negative count', `patient=${AMINA}&_count=-1`, 'invalid_input'],
    ['a count in words', `patient=${AMINA}&_count=many`, 'invalid_input'],
    ['sorting by code', `patient=${AMINA}&_sort=code`, 'invalid_input'],
    ['sorting twice', `patient=${AMINA}&_sort=-date,code`, 'invalid_input'],
    ['a text summary', `patient=${AMINA}&_summary=text`, 'invalid_input'],
    ['the 31st of February', `patient=${AMINA}&date=2026-02-31`, 'invalid_input'],
    ['an approximate date', `patient=${AMINA}&date=ap2026`, 'invalid_input'],
    ['no code', `patient=${AMINA}&code=`, 'invalid_input'],
    ['an empty alternative', `patient=${AMINA}&code=8867-4,`, 'invalid_input'],
    ['a token of three parts', `patient=${AMINA}&code=a|b|c`, 'invalid_input'],
    ['the modifier in', `patient=${AMINA}&code:in=8867-4`, 'invalid_input'],
    ['the modifier missing of maybe', `patient=${AMINA}&code:missing=maybe`, 'invalid_input'],
    ['an include of nothing', `patient=${AMINA}&_include=*`, 'invalid_input'],
    ['another type of patient', `patient:Practitioner=${AMINA}`, 'invalid_input'],
    ['broken encoding', `patient=${AMINA}&code=%E0%A4%A`, 'invalid_input'],
    ['very many parameters', `patient=${AMINA}&${'x=1&'.repeat(60)}`, 'invalid_input'],
    ['a very long query', `patient=${AMINA}&x=${'y'.repeat(9_000)}`, 'oversize'],
    ['very many alternatives', `patient=${AMINA}&code=${'1,'.repeat(60)}1`, 'invalid_input'],
  ])('refuses %s', async (_, query, code) => {
    const answer = await api.send(amina, `Observation?${query}`);
    expect(codeIn(answer)).toBe(code);
    expect(answer.status).toBe(code === 'oversize' ? 413 : 400);
  });

  it('leaves parameters it does not know out of the self link', async () => {
    const query = `Observation?patient=${AMINA}&device.name=x&_elements=id&code=8867-4&_format=json`;
    const answer = await api.send(amina, query);
    expect(linkOf(answer, 'self')).toBe(
      `https://api.pulse.test/fhir/Observation?patient=${AMINA}&code=8867-4`,
    );
  });

  it.each(['device.name', '_elements', '_has:Group:member:_id', '__proto__', 'constructor'])(
    'refuses the unknown parameter %s in strict handling',
    async (name) => {
      const query = `Observation?patient=${AMINA}&${name}=x`;
      const strict = { headers: { prefer: 'respond-async, handling=strict' } };
      expect(codeIn(await api.send(amina, query, strict))).toBe('invalid_input');
      expect((await api.send(amina, query)).status).toBe(200);
    },
  );

  it('can be asked by a form', async () => {
    const answer = await api.send(amina, 'Observation/_search?code=8867-4', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: `patient=Patient%2F${AMINA}&date=ge2026-03-05T12%3A00%3A00%2B02%3A00`,
    });
    expect(observationsIn(answer)).toHaveLength(3);
    const encoded = await api.send(amina, 'Observation/_search', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(`patient=${AMINA}`).toString('base64'),
      isBase64Encoded: true,
    });
    expect(observationsIn(encoded)).toHaveLength(22);
  });

  it('counts without showing', async () => {
    for (const how of ['_summary=count', '_count=0']) {
      const answer = await api.send(amina, `Observation?patient=${AMINA}&code=8867-4&${how}`);
      expect(bundleOf(answer).total).toBe(3);
      expect(bundleOf(answer)).not.toHaveProperty('entry');
      expect(linkOf(answer, 'next')).toBeUndefined();
    }
    const none = await api.send(amina, `Observation?patient=${AMINA}&code=0000-0&_count=0`);
    expect(bundleOf(none).total).toBe(0);
  });

  it('reads each Observation it has found', async () => {
    const found = observationsIn(await api.send(amina, `Observation?patient=${AMINA}`));
    for (const observation of found) {
      const answer = await api.send(amina, `Observation/${observation.id ?? ''}`);
      expect(answer.resource).toEqual(observation);
    }
  });
});

describe('paging', () => {
  /** Two devices that measure alternately over days with a long silence in between. */
  function busyRecord(): MemoryRecord {
    const record = emptyRecord();
    const second = '3'.repeat(32);
    const watch = { manufacturer: 'Tick', model: 'W2', serial: 'S-3', sinceMs: null } as const;
    record.addDevice(AMINA, { ...watch, deviceId: second, status: 'active' });
    for (const [index, startMs] of [TEN - 400 * DAY_MS, TEN - DAY_MS, TEN].entries()) {
      for (const [n, deviceId] of [WATCH, second].entries()) {
        const readings = Array.from({ length: 40 }, (_, at) =>
          heartRate(startMs + n * 500 + at * 30 * SECOND_MS, 60 + at),
        );
        record.send({ deviceId, firstSequence: index * 1_000, readings });
      }
    }
    return record;
  }

  it.each(['date', '-date'])('by %s shows each reading once, in order', async (sort) => {
    const record = busyRecord();
    const api = testApi(record, [amina]);
    const query = `Observation?patient=${AMINA}&_sort=${sort}`;
    const whole = await api.send(amina, `${query}&_count=1000`);
    expect(observationsIn(whole)).toHaveLength(240);
    expect(linkOf(whole, 'next')).toBeUndefined();
    const paged = await pages(api, `${query}&_count=7`);
    expect(allIds(paged)).toEqual(observationsIn(whole).map(({ id }) => id));
    expect(paged.length).toBe(Math.ceil(240 / 7));
  });

  it('takes a larger _count as the largest', async () => {
    const record = emptyRecord();
    const readings = Array.from({ length: 1_100 }, (_, n) => heartRate(TEN + n * SECOND_MS));
    record.send({ deviceId: WATCH, firstSequence: 0, readings });
    const api = testApi(record, [amina]);
    const answer = await api.send(amina, `Observation?patient=${AMINA}&_count=1000000`);
    expect(observationsIn(answer)).toHaveLength(1_000);
    expect(linkOf(answer, 'next')).toBeDefined();
  });

  it('ends a page before it grows too large for one answer', () => {
    const parameters = [
      ['patient', AMINA],
      ['_count', '1000'],
    ] as const;
    const query = parseQuery('Observation', parameters, { handling: 'strict', baseUrl: '' });
    const page = new PageInMaking(vitalsQueryOf(query, AMINA));
    const strip = { periodMs: 2, origin: 0, factor: 1, data: Array<number>(15_360).fill(-30_000) };
    const items = Array.from({ length: 100 }, (_, n) => {
      const reading: Reading = { code: '131329', unit: 'uV', atMs: TEN + n, sampled: strip };
      return itemOf({
        kind: observationKind('131329'),
        patientId: AMINA,
        deviceId: WATCH,
        boot: 1,
        zoneOffsetMinutes: 0,
        parts: [{ sequence: n, reading }],
      });
    });
    const last = page.take(items);
    expect(last).toEqual(page.items.at(-1)?.position);
    const size = JSON.stringify(page.items.map(({ show }) => show())).length;
    expect(size).toBeGreaterThan(3_000_000);
    expect(size).toBeLessThan(5_500_000);
  });

  it('ends a page early, says so and goes on when a search is much work', async () => {
    const record = minutesOfDays();
    const api = testApi(record, [amina]);
    for (const sort of ['date', '-date']) {
      const query = `Observation?patient=${AMINA}&_sort=${sort}&code=8310-5&_count=200`;
      const paged = await pages(api, query);
      expect(allIds(paged)).toHaveLength(96);
      expect(new Set(allIds(paged)).size).toBe(96);
      expect(bundleOf(paged[0]!).entry?.at(-1)?.search?.mode).toBe('outcome');
      record.reads = 0;
      await api.send(amina, query);
      expect(record.reads).toBeLessThan(70);
    }
  });

  it('does not count when that is too much work', async () => {
    const api = testApi(minutesOfDays(), [amina]);
    const answer = await api.send(amina, `Observation?patient=${AMINA}&code=8310-5&_count=0`);
    expect(codeIn(answer)).toBe('too_costly');
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('shorter period');
    const query = `Observation?patient=${AMINA}&code=8310-5&_count=0&date=lt2026-03-03T18:00Z`;
    expect(bundleOf(await api.send(amina, query)).total).toBe(12);
  });

  it('crosses years of nothing in a few calls', async () => {
    const record = emptyRecord();
    const years = [1971, 1999, 2026].map((year) => Date.UTC(year, 0, 1));
    for (const [n, atMs] of years.entries()) {
      record.send({ deviceId: WATCH, firstSequence: n, readings: [heartRate(atMs)] });
    }
    const api = testApi(record, [amina]);
    for (const sort of ['date', '-date']) {
      record.reads = 0;
      const answer = await api.send(amina, `Observation?patient=${AMINA}&_sort=${sort}`);
      expect(observationsIn(answer)).toHaveLength(3);
      expect(linkOf(answer, 'next')).toBeUndefined();
      expect(record.reads).toBeLessThan(20);
    }
  });

  it('refuses to hold more of one second than a page may', async () => {
    const record = emptyRecord();
    for (let n = 0; n < 21; n += 1) {
      const readings = Array.from({ length: 4_096 }, (_, at) => heartRate(TEN + (at % 900)));
      record.send({ deviceId: WATCH, boot: n, firstSequence: 0, readings });
    }
    const api = testApi(record, [amina]);
    const answer = await api.send(amina, `Observation?patient=${AMINA}`);
    expect(codeIn(answer)).toBe('too_costly');
  });

  /** Readings of many ties and codes, sent in any order, some of them only while pages are being read. */
  const readings = fc
    .array(
      fc.record({
        at: fc.oneof(
          fc.integer({ min: 0, max: 4 }).map((n) => n * SECOND_MS),
          fc.integer({ min: 0, max: 3 * HOUR_MS }),
          fc.integer({ min: -30 * DAY_MS, max: 0 }),
        ),
        code: fc.constantFrom('8867-4', '9279-1', '8480-6', '8462-4'),
        late: fc.boolean(),
        device: fc.constantFrom(WATCH, '4'.repeat(32)),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((all) =>
      all.map(({ at, code, late, device }, index) => {
        const known = VITAL_CODES.find((vital) => vital === code)!;
        const unit = known.startsWith('84') ? 'mm[Hg]' : '/min';
        const reading: Reading = { code: known, unit, atMs: TEN - HOUR_MS + at, value: 100 };
        return { late, sent: { deviceId: device, firstSequence: index, readings: [reading] } };
      }),
    );

  it('never repeats and never leaves out what was there from the start', async () => {
    await fc.assert(
      fc.asyncProperty(
        readings,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('date', '-date'),
        async (all, count, sort) => {
          const record = emptyRecord({ scannedChunks: 3 });
          const watch = { manufacturer: 'T', model: 'W', serial: 'S', sinceMs: null } as const;
          record.addDevice(AMINA, { ...watch, deviceId: '4'.repeat(32), status: 'active' });
          const send = (late: boolean): Sent[] =>
            all.filter((one) => one.late === late).map(({ sent }) => sent);
          for (const sent of send(false)) record.send(sent);
          const api = testApi(record, [amina]);
          const query = `Observation?patient=${AMINA}&_sort=${sort}&_count=${count}`;
          const before = new Set(allIds(await pages(api, query)));
          const first = await api.send(amina, query);
          for (const sent of send(true)) record.send(sent);
          const next = linkOf(first, 'next');
          const rest = next === undefined ? [] : await pages(api, next);
          const shown = allIds([first, ...rest]);
          expect(shown).toHaveLength(new Set(shown).size);
          // A part that comes late can join a panel and so change its id; all other ids stay.
          const panels = (id: string): boolean => before.has(id) && !shown.includes(id);
          const missing = [...before].filter(panels);
          const whole = new Set(allIds(await pages(api, query)));
          expect(missing.filter((id) => whole.has(id))).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a next link', () => {
  const record = storyRecord();
  const api = testApi(record, [amina, doctor, nurse, boris]);
  const first = `Observation?patient=${AMINA}&_count=5`;

  async function next(): Promise<string> {
    return linkOf(await api.send(amina, first), 'next') ?? '';
  }

  it('names no patient', async () => {
    const link = await next();
    expect(link).toMatch(/^https:\/\/api\.pulse\.test\/fhir\/Observation\?_cursor=[\w.%-]+$/);
    expect(Buffer.from(link.split('.').join(''), 'base64').toString('latin1')).not.toContain(AMINA);
  });

  it('opens for the login it was made for alone', async () => {
    const link = await next();
    expect((await api.send(amina, link)).status).toBe(200);
    for (const caller of [doctor, nurse, boris]) {
      expect(codeIn(await api.send(caller, link))).toBe('invalid_input');
    }
  });

  it('can be followed again', async () => {
    const link = await next();
    expect(await ids(api.send(amina, link))).toEqual(await ids(api.send(amina, link)));
  });

  it('cannot be changed or added to', async () => {
    const link = await next();
    for (const changed of [
      `${link}&_count=1000`,
      `${link}&patient=${AMINA}`,
      `${link.slice(0, -4)}AAAA`,
      link.replace(/_cursor=.*/, '_cursor=eyJhbGciOiJub25lIn0..'),
      link.replace(/_cursor=.*/, '_cursor='),
      link.replace(/_cursor=.*/, `_cursor=${'a'.repeat(8_150)}`),
    ]) {
      expect(codeIn(await api.send(amina, changed))).toBe('invalid_input');
    }
    expect((await api.send(amina, `${link}&_format=json`)).status).toBe(200);
  });

  it('gives nothing to somebody who may not read the patient any more', async () => {
    const own = emptyRecord();
    const readings = [heartRate(TEN), heartRate(TEN + 1)];
    own.send({ deviceId: WATCH, firstSequence: 0, readings });
    const before = testApi(own, [doctor]);
    const path = `Observation?patient=${AMINA}&_count=1`;
    const link = linkOf(await before.send(doctor, path), 'next') ?? '';
    own.endTreating(AMINA, doctor);
    expect(codeIn(await before.send(doctor, link))).toBe('not_found');
  });
});

describe('$lastn', () => {
  const record = emptyRecord();
  const quantity = (code: '8867-4' | '9279-1', atMs: number, value: number): Reading => ({
    code,
    unit: '/min',
    atMs,
    value,
  });
  const readings = [
    quantity('9279-1', TEN - 300 * DAY_MS, 12),
    quantity('8867-4', TEN - 2 * HOUR_MS, 60),
    quantity('8867-4', TEN, 61),
    quantity('8867-4', TEN + SECOND_MS, 62),
  ];
  record.send({ deviceId: WATCH, firstSequence: 0, readings: readings.slice(0, 1) });
  record.send({ deviceId: WATCH, firstSequence: 1, readings: readings.slice(1) });
  const tie = { deviceId: WATCH, boot: 2, firstSequence: 0 };
  record.send({ ...tie, readings: [quantity('8867-4', TEN, 63)] });
  const api = testApi(record, [amina]);

  async function last(query: string): Promise<(number | undefined)[]> {
    const answer = await api.send(amina, `Observation/$lastn?patient=${AMINA}&${query}`);
    return observationsIn(answer).map(({ valueQuantity }) => valueQuantity?.value);
  }

  it('shows the newest of a code', async () => {
    expect(await last('code=8867-4')).toEqual([62]);
    expect(await last('code=9279-1')).toEqual([12]);
  });

  it('shows the newest of each code of a category, grouped', async () => {
    expect(await last('category=vital-signs')).toEqual([62, 12]);
  });

  it('counts those of one time as one place of the last', async () => {
    expect(await last('code=8867-4&max=2')).toEqual([62, 63, 61]);
    expect(await last('code=8867-4&max=3')).toEqual([62, 63, 61]);
    expect(await last('code=8867-4&max=4')).toEqual([62, 63, 61, 60]);
    expect(await last('code=8867-4&max=100')).toEqual([62, 63, 61, 60]);
  });

  it('looks no later than a date', async () => {
    expect(await last('code=8867-4&date=lt2026-03-05T10:00Z')).toEqual([60]);
    expect(await last('code=8867-4&date=lt2020')).toEqual([]);
  });

  it('finds nothing for a code that is unknown', async () => {
    expect(await last('code=0000-0')).toEqual([]);
  });

  it.each([
    `patient=${AMINA}`,
    'code=8867-4',
    `patient=${AMINA}&code=8867-4&max=0`,
    `patient=${AMINA}&code=8867-4&max=101`,
    `patient=${AMINA}&code=8867-4&max=two`,
  ])('refuses %s', async (query) => {
    expect(codeIn(await api.send(amina, `Observation/$lastn?${query}`))).toBe('invalid_input');
  });

  it('says how far back it looked when it had to stop', async () => {
    const path = `Observation/$lastn?patient=${AMINA}&category=vital-signs`;
    const answer = await testApi(minutesOfDays(), [amina]).send(amina, path);
    expect(observationsIn(answer)).toHaveLength(2);
    const remark = bundleOf(answer).entry?.at(-1);
    expect(remark?.search?.mode).toBe('outcome');
    expect(JSON.stringify(remark?.resource)).toMatch(/Only readings since \d{4}-/);
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bundleOf, codeIn, linkOf, type Received, type TestApi, testApi } from '../testing/api.ts';
import { AMINA, amina, boris, doctor, nurse, storyRecord } from '../testing/story.ts';

const EVERYBODY = [amina, boris, doctor, nurse];
const SUBJECT = { subject: { reference: `Patient/${AMINA}` } };
const LOINC = 'http://loinc.org';
const LAB = 'http://terminology.hl7.org/CodeSystem/observation-category';

async function make(api: TestApi, resource: { resourceType: string }): Promise<string> {
  const answer = await api.send(doctor, resource.resourceType, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  if (answer.status !== 201) throw new Error(answer.text);
  return String(answer.resource.id);
}

function result(
  code: string,
  day: string,
  value: number,
  changes: object = {},
): { resourceType: string } {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: LAB, code: 'laboratory' }] }],
    code: { coding: [{ system: LOINC, code }], text: `Test ${code}` },
    ...SUBJECT,
    effectiveDateTime: day,
    valueQuantity: { value, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
    ...changes,
  } as { resourceType: string };
}

function ids(answer: Received): string[] {
  return (bundleOf(answer).entry ?? [])
    .filter(({ search }) => search?.mode === 'match')
    .map(({ resource }) => String(resource?.id));
}

function included(answer: Received): string[] {
  return (bundleOf(answer).entry ?? [])
    .filter(({ search }) => search?.mode === 'include')
    .map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);
}

describe('a search within a patient', () => {
  const api = testApi(storyRecord(), EVERYBODY);
  const made: Record<string, string> = {};

  beforeAll(async () => {
    made['visit'] = await make(api, {
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      period: { start: '2026-01-05T10:00:00+02:00', end: '2026-01-05T11:00:00+02:00' },
      ...SUBJECT,
    } as { resourceType: string });
    const encounter = { encounter: { reference: `Encounter/${made['visit']}` } };
    const condition = {
      resourceType: 'Condition',
      ...SUBJECT,
      ...encounter,
      clinicalStatus: { coding: [{ system: 'urn:c', code: 'active' }] },
      code: {
        coding: [{ system: 'http://snomed.info/sct', code: '38341003' }],
        text: 'Hypertension',
      },
      identifier: [{ system: 'urn:x', value: 'a,b' }],
      onsetDateTime: '2019-05',
      recordedDate: '2026-01-05',
    };
    made['hypertension'] = await make(api, condition);
    made['cough'] = await make(api, {
      resourceType: 'Condition',
      ...SUBJECT,
      code: { text: 'Cough' },
      onsetString: 'last winter',
    } as { resourceType: string });
    made['a1c'] = await make(api, result('4548-4', '2026-01-05T09:00:00Z', 6.5, encounter));
    made['a1c-old'] = await make(api, result('4548-4', '2024-03', 7.05));
    const part = (code: string, value: number): object => ({
      code: { coding: [{ system: LOINC, code }] },
      valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    });
    const component = [part('8480-6', 121), part('8462-4', 79)];
    const valueless = { valueQuantity: undefined, category: undefined };
    made['pressure'] = await make(
      api,
      result('85354-9', '2020-02-01', 0, { ...valueless, component }),
    );
    const valueCodeableConcept = { coding: [{ system: 'urn:abo', code: 'A' }] };
    const blood = { ...valueless, valueCodeableConcept };
    made['group'] = await make(api, result('883-9', '2020-01-01', 0, blood));
    made['glucose'] = await make(api, result('2345-7', '2026-02-01', 5, { status: 'preliminary' }));
  });

  it.each([
    ['Condition', '', ['hypertension', 'cough']],
    ['Condition', 'code=38341003', ['hypertension']],
    ['Condition', 'code=http://snomed.info/sct|38341003', ['hypertension']],
    ['Condition', 'code=urn:other|38341003', []],
    ['Condition', 'code=|38341003', []],
    ['Condition', 'code=http://snomed.info/sct|', ['hypertension']],
    ['Condition', 'code:text=hyper', ['hypertension']],
    ['Condition', 'code:not=38341003', ['cough']],
    ['Condition', 'clinical-status=active', ['hypertension']],
    ['Condition', 'clinical-status:missing=true', ['cough']],
    ['Condition', 'clinical-status:missing=false', ['hypertension']],
    ['Condition', 'onset-date=2019', ['hypertension']],
    ['Condition', 'onset-date=2019-05', ['hypertension']],
    ['Condition', 'onset-date=2019-05-01', []],
    ['Condition', 'onset-date=ge2019-05-30', ['hypertension']],
    ['Condition', 'onset-date=gt2019-05', []],
    ['Condition', 'onset-info=LAST', ['cough']],
    ['Condition', 'identifier=urn:x|a\\,b', ['hypertension']],
    ['Condition', 'encounter=VISIT', ['hypertension']],
    ['Condition', 'encounter=Encounter/VISIT', ['hypertension']],
    ['Condition', 'encounter=https://api.pulse.test/fhir/Encounter/VISIT', ['hypertension']],
    ['Condition', 'encounter=https://elsewhere.test/fhir/Encounter/VISIT', []],
    ['Condition', 'encounter:Encounter=VISIT', ['hypertension']],
    ['Condition', '_lastUpdated=2026-03-05', ['hypertension', 'cough']],
    ['Condition', '_lastUpdated=lt2026-03-05', []],
    ['Encounter', 'date=2026-01-05', ['visit']],
    ['Encounter', 'date=2026-01-05T08:30:00Z', []],
    ['Encounter', 'date=ge2026-01-05T08:00:00Z&date=le2026-01-05T09:00:00Z', ['visit']],
    ['Encounter', 'status=finished,planned', ['visit']],
    ['Encounter', 'status:not=finished', []],
    ['Encounter', 'class=AMB', ['visit']],
    ['Observation', 'category=laboratory', ['glucose', 'a1c', 'a1c-old']],
    ['Observation', 'category=laboratory&_sort=date', ['a1c-old', 'a1c', 'glucose']],
    ['Observation', 'code=4548-4&value-quantity=6.5', ['a1c']],
    ['Observation', 'code=4548-4&value-quantity=7.0', []],
    ['Observation', 'code=4548-4&value-quantity=7.1', ['a1c-old']],
    [
      'Observation',
      'code=4548-4&value-quantity=ge6.5|http://unitsofmeasure.org|%25',
      ['a1c', 'a1c-old'],
    ],
    ['Observation', 'code=4548-4&value-quantity=6.5||mg', []],
    ['Observation', 'code-value-quantity=4548-4$6.5', ['a1c']],
    [
      'Observation',
      'code-value-quantity=http://loinc.org|4548-4$gt7|http://unitsofmeasure.org|%25',
      ['a1c-old'],
    ],
    ['Observation', 'code-value-quantity=4548-4$5', []],
    ['Observation', 'code-value-quantity=4548-4$5,2345-7$5', ['glucose']],
    ['Observation', 'combo-code-value-quantity=8480-6$121', ['pressure']],
    ['Observation', 'combo-code-value-quantity=8480-6$79', []],
    ['Observation', 'component-code-value-quantity=8462-4$lt80', ['pressure']],
    ['Observation', 'component-code-value-quantity=4548-4$6.5', []],
    ['Observation', 'code-value-concept=883-9$urn:abo|A', ['group']],
    ['Observation', 'code-value-concept=883-9$urn:abo|B', []],
    ['Observation', 'code=4548-4&date=2024', ['a1c-old']],
    ['Observation', 'status=preliminary', ['glucose']],
    ['Observation', 'encounter=VISIT', ['a1c']],
    ['Observation', 'category=laboratory&_id=A1C', ['a1c']],
    ['Procedure', '', []],
  ])('of %s with %s finds %j', async (type, query, expected: string[]) => {
    const filled = query.replace('VISIT', made['visit'] ?? '').replace('A1C', made['a1c'] ?? '');
    const answer = await api.send(amina, `${type}?patient=${AMINA}&${filled}`);
    const own = Object.fromEntries(Object.entries(made).map(([name, id]) => [id, name]));
    const found = ids(answer).map((id) => own[id] ?? id);
    if (query.includes('_sort') || type === 'Observation')
      expect(found.filter((n) => !n.includes('-1-')).slice(0, 3)).toEqual(
        expect.arrayContaining(expected),
      );
    if (type !== 'Observation') expect(found.sort()).toEqual([...expected].sort());
    else if (expected.length === 0) expect(found).toEqual([]);
  });

  it.each(['4548-4', '4548-4$x', '$6.5$1', '4548-4$6.5,'])(
    'refuses the composite value %s, and an order by it',
    async (value) => {
      const parameter = `patient=${AMINA}&code-value-quantity`;
      const answer = await api.send(amina, `Observation?${parameter}=${value}`);
      expect(answer.status).toBe(400);
      expect((await api.send(amina, `Observation?${parameter}:missing=true`)).status).toBe(400);
    },
  );

  it('sorts by several values and puts what has none last', async () => {
    const sorted = async (sort: string): Promise<string[]> =>
      ids(await api.send(amina, `Condition?patient=${AMINA}&_sort=${sort}`));
    const [first, second] = [made['hypertension'], made['cough']];
    expect(await sorted('onset-date')).toEqual([first, second]);
    expect(await sorted('-onset-date')).toEqual([first, second]);
    expect(codeIn(await api.send(amina, `Condition?patient=${AMINA}&_sort=nothing`))).toBe(
      'invalid_input',
    );
  });

  it('puts referenced and referencing resources beside the matches', async () => {
    const visit = `Encounter/${made['visit']}`;
    const forward = `Condition?patient=${AMINA}&_include=Condition:encounter&_include=Condition:subject`;
    expect(included(await api.send(amina, forward)).sort()).toEqual([visit, `Patient/${AMINA}`]);
    const typed = `Condition?patient=${AMINA}&_include=Condition:subject:Group`;
    expect(included(await api.send(amina, typed))).toEqual([]);
    const back = `Encounter?patient=${AMINA}&_revinclude=Condition:encounter&_revinclude=Observation:encounter`;
    expect(included(await api.send(amina, back)).sort()).toEqual(
      [`Condition/${made['hypertension']}`, `Observation/${made['a1c']}`].sort(),
    );
    const ofPatient = `Patient?_id=${AMINA}&_revinclude=Encounter:patient`;
    expect(included(await api.send(amina, ofPatient))).toEqual([visit]);
  });

  it('counts without showing', async () => {
    for (const query of ['_summary=count', '_count=0']) {
      const bundle = bundleOf(await api.send(amina, `Condition?patient=${AMINA}&${query}`));
      expect([bundle.total, bundle.entry]).toEqual([2, undefined]);
    }
    const all = bundleOf(await api.send(amina, `Observation?patient=${AMINA}&_summary=count`));
    const vitals = bundleOf(
      await api.send(amina, `Observation?patient=${AMINA}&_summary=count&category:not=laboratory`),
    );
    expect((all.total ?? 0) - (vitals.total ?? 0)).toBeGreaterThanOrEqual(3);
  });

  it('shows the newest of wearables and laboratories together', async () => {
    const answer = await api.send(
      amina,
      `Observation/$lastn?patient=${AMINA}&code=4548-4,8867-4&max=1`,
    );
    const found = ids(answer);
    expect(found).toContain(made['a1c']);
    expect(found).not.toContain(made['a1c-old']);
    expect(found.length).toBeGreaterThan(1);
  });

  it('is of one patient, by _id, or by an identifier', async () => {
    expect(codeIn(await api.send(doctor, 'Condition?code=38341003'))).toBe('invalid_input');
    expect(ids(await api.send(doctor, `Condition?_id=${made['cough']}`))).toEqual([made['cough']]);
    expect(ids(await api.send(boris, `Condition?_id=${made['cough']}`))).toEqual([]);
    const identifier = 'Condition?identifier=urn:x|a\\,b';
    expect(ids(await api.send(doctor, identifier))).toEqual([made['hypertension']]);
    expect(ids(await api.send(nurse, identifier))).toEqual([]);
  });
});

describe('paging', () => {
  it('shows every row once, whatever others write meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 25 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('', '&_sort=recorded-date', '&_sort=-recorded-date', '&_sort=-_id'),
        fc.array(fc.boolean(), { maxLength: 12 }),
        async (count, pageSize, sort, writes) => {
          const api = testApi(storyRecord(), EVERYBODY);
          const day = (n: number): string => `2026-01-${String((n % 5) + 1).padStart(2, '0')}`;
          const one = (n: number): { resourceType: string } => ({
            resourceType: 'Condition',
            ...SUBJECT,
            ...(n % 4 === 0 ? {} : { recordedDate: day(n) }),
          });
          const before: string[] = [];
          for (let n = 0; n < count; n += 1) before.push(await make(api, one(n)));
          const seen: string[] = [];
          let link: string | undefined = `Condition?patient=${AMINA}&_count=${pageSize}${sort}`;
          for (let page = 0; link !== undefined; page += 1) {
            const answer: Received = await api.send(amina, link);
            seen.push(...ids(answer));
            link = linkOf(answer, 'next');
            if (writes[page] === true) await make(api, one(page));
          }
          expect(seen.length).toBe(new Set(seen).size);
          expect(before.filter((id) => !seen.includes(id))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('belongs to who began it, and to its path', async () => {
    const api = testApi(storyRecord(), EVERYBODY);
    const resource = { resourceType: 'Condition', ...SUBJECT };
    for (let n = 0; n < 3; n += 1) await make(api, resource);
    const next = linkOf(await api.send(amina, `Condition?patient=${AMINA}&_count=1`), 'next') ?? '';
    expect((await api.send(amina, next)).status).toBe(200);
    expect(codeIn(await api.send(doctor, next))).toBe('invalid_input');
    expect(codeIn(await api.send(amina, next.replace('Condition', 'Procedure')))).toBe(
      'invalid_input',
    );
    const changed = next.slice(0, -2);
    expect(codeIn(await api.send(amina, changed))).toBe('invalid_input');
    expect(next).not.toContain(AMINA);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  DirectoryAnswer,
  type DirectoryKind,
  type DirectoryWrite,
  type FhirResource,
  ProfileAnswer,
} from '@pulseledger/domain';
import { type TestApi, testApi } from '../testing/api.ts';
import { emptyRecord } from '../testing/story.ts';

const ILONA = '77'.repeat(16);
const CLINIC = '78'.repeat(16);
const ROOM = '79'.repeat(16);
const accepting = {
  url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/newpatients',
  extension: [
    {
      url: 'acceptingPatients',
      valueCodeableConcept: { coding: [{ code: 'newpt' }] },
    },
  ],
};

function entry(kind: DirectoryKind, id: string, members: object): DirectoryWrite {
  const resource: FhirResource = { resourceType: kind, ...members };
  return { kind, id, ifVersion: null, resource, saltHex: '5a'.repeat(16) };
}

const post = (id: string, start: string, end?: string): DirectoryWrite =>
  entry('PractitionerRole', id, {
    practitioner: { reference: `Practitioner/${ILONA}` },
    organization: { reference: `Organization/${CLINIC}` },
    location: [{ reference: `Location/${ROOM}` }],
    code: [{ text: 'Cardiologist' }],
    specialty: [{ coding: [{ code: '207RC0000X', display: 'Cardiovascular disease' }] }],
    period: { start, ...(end === undefined ? {} : { end }) },
    telecom: [
      { system: 'phone', value: '+36 1 555' },
      { system: 'email', value: 'x@y.test' },
    ],
    extension: [accepting],
  });

const PEOPLE = [
  entry('Practitioner', ILONA, {
    name: [
      { use: 'old', family: 'Kis' },
      { family: 'Varga', given: ['Ilona'], prefix: ['Dr'] },
    ],
    communication: [{ coding: [{ code: 'hu' }] }],
    qualification: [
      { code: { text: 'MD' }, period: { start: '2001' } },
      { code: { coding: [{ system: 'urn:board', code: 'C1', display: 'Board of cardiology' }] } },
      { code: {} },
    ],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567890' }],
  }),
  entry('Organization', CLINIC, { name: 'Riverside Clinic', address: [{ city: 'Szeged' }] }),
  entry('Location', ROOM, { name: 'Room 4', address: { city: 'Makó' } }),
  post('8a'.repeat(16), '2010-01-01', '2015-12-31'),
  post('8b'.repeat(16), '2016-01-01'),
];

let api: TestApi;
beforeEach(() => {
  api = testApi(emptyRecord(), [], { people: PEOPLE });
});

async function get(path: string) {
  const { status, text } = await api.send(undefined, path);
  return { status, json: JSON.parse(text) as unknown };
}

describe('the directory, without login', () => {
  it('finds who works somewhere now, with the place and the languages', async () => {
    const { json } = await get('directory?name=varg');
    expect(DirectoryAnswer.parse(json).hits).toEqual([
      {
        practitionerId: ILONA,
        name: 'Dr Ilona Varga',
        languages: ['hu'],
        post: {
          role: 'Cardiologist',
          specialties: ['Cardiovascular disease'],
          organization: 'Riverside Clinic',
          places: ['Szeged', 'Makó'],
          start: '2016-01-01',
          end: null,
          isCurrent: true,
          acceptsPatients: true,
          phones: ['+36 1 555'],
        },
      },
    ]);
  });

  it('finds nobody of another name', async () => {
    expect((await get('directory?name=nobody')).json).toEqual({ hits: [] });
  });

  it.each(['directory', 'directory?accepting=true', 'directory?name=a&nonsense=1'])(
    'says what is wrong with %s',
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 400, json: { code: 'invalid_input' } });
    },
  );

  it('tells a career, present posts first, and what nobody has checked yet', async () => {
    const { json } = await get(`directory/${ILONA}`);
    const answer = ProfileAnswer.parse(json);
    expect(answer.posts.map(({ start, isCurrent }) => [start, isCurrent])).toEqual([
      ['2016-01-01', true],
      ['2010-01-01', false],
    ]);
    expect(answer.qualifications).toMatchObject([
      { key: 'MD', text: 'MD', start: '2001', status: 'claimed', attestations: [] },
      { key: 'urn:board|C1', text: 'Board of cardiology', status: 'claimed' },
    ]);
    expect(answer.npis).toEqual([{ value: '1234567890', status: 'unverified' }]);
  });

  it.each(['directory/nonsense', `directory/${CLINIC}`])('has no %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404 });
  });
});

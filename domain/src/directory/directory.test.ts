import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FhirResource } from '../clinical/resource.ts';
import { isOwnContactChange, keepsHistory } from './amendment.ts';
import { ATTESTED_FOR_MS, checkedNpis, checkedQualifications } from './attestation.ts';
import { DIRECTORY_SEARCHES, indexEntries } from './index-entries.ts';
import { isNpi, NPI_SYSTEM } from './npi.ts';
import { DIRECTORY_KINDS, directoryFacts, isCurrent, referencedId } from './resource.ts';
import { matchesAll, searchTokens } from './search-text.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const MSP = 'HospitalMSP';

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

describe('an NPI', () => {
  it.each(['1234567893', '1558598797', '1993999998'])('%s is well formed', (npi) => {
    expect(isNpi(npi)).toBe(true);
  });

  it.each(['1234567890', '0', '9999960292', '123456789', '12345678933', 'abcdefghij', ''])(
    '%s is not',
    (npi) => {
      expect(isNpi(npi)).toBe(false);
    },
  );

  it('shows every single wrong digit', () => {
    const body = fc.integer({ min: 100_000_000, max: 299_999_999 });
    fc.assert(
      fc.property(body, fc.nat({ max: 9 }), fc.integer({ min: 1, max: 9 }), (nine, place, add) => {
        const npi = Array.from({ length: 10 }, (_, check) => `${nine}${check}`).find(isNpi)!;
        const wrong = Array.from(npi, (d, i) => (i === place ? (Number(d) + add) % 10 : d)).join(
          '',
        );
        expect(isNpi(wrong)).toBe(false);
      }),
    );
  });

  it('that fails is kept and shown as unverified', () => {
    const identifier = [
      { system: NPI_SYSTEM, value: '0' },
      { system: NPI_SYSTEM, value: '1234567893' },
      { system: 'urn:other', value: '7' },
    ];
    expect(checkedNpis(directoryFacts({ resourceType: 'Practitioner', identifier }))).toEqual([
      { value: '0', status: 'unverified' },
      { value: '1234567893', status: 'well-formed' },
    ]);
  });
});

describe('the words of a text', () => {
  const cases: [string, string[]][] = [
    ['Núñez-O’Brien', ['nunez', 'obrien']],
    ["D'Amore", ['damore']],
    ['Łukasz Ørsted', ['lukasz', 'orsted']],
    ['Groß', ['gross']],
    ['  HEALTHALLIANCE HOSPITALS, INC ', ['healthalliance', 'hospitals', 'inc']],
    ['山田 太郎', ['山田', '太郎']],
    ['', []],
  ];
  it.each(cases)('%p are %p', (text, words) => {
    expect(searchTokens(text)).toEqual(words);
  });

  it('are the same however the accents are written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(searchTokens(text.normalize('NFC'))).toEqual(searchTokens(text.normalize('NFD')));
        const words = searchTokens(text).join('');
        expect(words.includes('\u0000') || words.includes('\u{10ffff}')).toBe(false);
      }),
    );
  });

  it('are found by their beginnings, all of them', () => {
    const words = searchTokens('María José Núñez');
    expect(matchesAll(words, searchTokens('nun mar'))).toBe(true);
    expect(matchesAll(words, searchTokens('nun pedro'))).toBe(false);
  });
});

describe('facts of a resource', () => {
  it('are read from what has the form of FHIR, and the rest is passed over', () => {
    const role: FhirResource = {
      resourceType: 'PractitionerRole',
      active: 'yes',
      practitioner: { reference: 'Practitioner/F4BF5265-8d8e-4055-a4e5-b34853f1099f' },
      organization: { reference: 'urn:uuid:ef58ea08-d883-3957-8300-150554edc8fb' },
      location: [{ reference: 'Location/none' }, 7, { display: 'at home' }],
      specialty: [
        { coding: [{ system: 'http://nucc.org/provider-taxonomy', code: '207R00000X' }] },
      ],
      period: { start: 2020 },
      name: 7,
      address: 'somewhere',
      extension: [
        {
          url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/newpatients',
          extension: [
            { url: 'acceptingPatients', valueCodeableConcept: { coding: [{ code: 'newpt' }] } },
          ],
        },
      ],
    };
    expect(directoryFacts(role)).toMatchObject({
      isActive: true,
      practitionerId: 'f4bf52658d8e4055a4e5b34853f1099f',
      organizationId: 'ef58ea08d88339578300150554edc8fb',
      locationIds: [],
      specialties: ['207R00000X'],
      acceptsPatients: true,
      names: [],
      places: [],
    });
  });

  it('have the place of one address and of several', () => {
    const city = (address: unknown) => directoryFacts({ resourceType: 'Location', address }).places;
    expect(city({ city: 'Zug' })).toEqual(['Zug']);
    expect(city([{ city: 'Zug' }, { city: 'Bern', line: 7 }])).toEqual(['Zug', 'Bern']);
  });

  it('do not fail for any JSON', () => {
    const member = fc.constantFrom(
      'name',
      'address',
      'identifier',
      'qualification',
      'extension',
      'period',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...DIRECTORY_KINDS),
        fc.dictionary(member, fc.jsonValue()),
        (kind, rest) => {
          const resource = { ...rest, resourceType: kind };
          for (const { index, value } of indexEntries(kind, resource, NOON_MS, sha256)) {
            expect(DIRECTORY_SEARCHES[kind]).toContain(index);
            expect(value).not.toContain('\u0000');
          }
        },
      ),
    );
  });

  it('take a reference of another type, or of another form, for none', () => {
    expect(referencedId('Organization/' + 'ab'.repeat(16), 'Practitioner')).toBeUndefined();
    expect(referencedId('#contained', 'Practitioner')).toBeUndefined();
    expect(referencedId(`https://a.test/fhir/Location/${'ab'.repeat(16)}`, 'Location')).toBe(
      'ab'.repeat(16),
    );
  });
});

describe('a period', () => {
  const cases: [{ start?: string; end?: string }, boolean][] = [
    [{}, true],
    [{ start: '2026' }, true],
    [{ start: '2026-11-22' }, true],
    [{ start: '2026-11-23' }, false],
    [{ end: '2026-11-22' }, true],
    [{ end: '2026-11-21' }, false],
    [{ end: '2026-11' }, true],
    [{ end: '2026' }, true],
    [{ end: '2026-11-22T11:59:59Z' }, false],
    [{ start: 'once' }, true],
  ];
  it.each(cases)('%p holds the day with its whole length: %p', (period, expected) => {
    expect(isCurrent(period, NOON_MS)).toBe(expected);
  });
});

const ROLE: FhirResource = {
  resourceType: 'PractitionerRole',
  practitioner: { reference: 'Practitioner/1' },
  organization: { reference: 'Organization/1' },
  code: [{ text: 'doctor' }],
  period: { start: '2020-01-01' },
  telecom: [{ value: '1' }],
};

describe('a career', () => {
  const allowed: [string, Partial<FhirResource>][] = [
    ['another telephone', { telecom: [{ value: '2' }] }],
    ['an end', { period: { start: '2020-01-01', end: '2026-01-01' } }],
    ['a flag', { active: false }],
  ];
  it.each(allowed)('takes %s', (_what, change) => {
    expect(keepsHistory('PractitionerRole', ROLE, { ...ROLE, ...change })).toBe(true);
  });

  const refused: [string, Partial<FhirResource>][] = [
    ['another organization', { organization: { reference: 'Organization/2' } }],
    ['another practitioner', { practitioner: { reference: 'Practitioner/2' } }],
    ['another specialty', { specialty: [{ text: 'surgery' }] }],
    ['another start', { period: { start: '2019-01-01' } }],
    ['no period any more', { period: undefined }],
  ];
  it.each(refused)('does not take %s', (_what, change) => {
    expect(keepsHistory('PractitionerRole', ROLE, { ...ROLE, ...change })).toBe(false);
  });

  it('that is ended stays as it is', () => {
    const ended = { ...ROLE, period: { start: '2020-01-01', end: '2026-01-01' } };
    expect(keepsHistory('PractitionerRole', ended, ROLE)).toBe(false);
    expect(keepsHistory('PractitionerRole', ended, { ...ended, telecom: [] })).toBe(false);
    expect(keepsHistory('PractitionerRole', ended, { ...ended })).toBe(true);
  });

  it('keeps every qualification, and lets it end', () => {
    const md = { code: { text: 'MD' } };
    const before = { resourceType: 'Practitioner', qualification: [md] };
    const after = (qualification: object[]) => ({ ...before, qualification });
    expect(keepsHistory('Practitioner', before, after([md, { code: { text: 'PhD' } }]))).toBe(true);
    expect(keepsHistory('Practitioner', before, after([{ ...md, period: { end: '2026' } }]))).toBe(
      true,
    );
    expect(keepsHistory('Practitioner', before, after([]))).toBe(false);
    expect(keepsHistory('Practitioner', before, after([{ code: { text: 'Md' } }]))).toBe(false);
    const twice = after([md, md]);
    expect(keepsHistory('Practitioner', twice, before)).toBe(false);
  });

  it('lets a doctor change the own contact and nothing else', () => {
    expect(isOwnContactChange('PractitionerRole', ROLE, { ...ROLE, telecom: [] })).toBe(true);
    expect(isOwnContactChange('PractitionerRole', ROLE, { ...ROLE, active: false })).toBe(false);
    const person = { resourceType: 'Practitioner', name: [{ family: 'A' }] };
    expect(isOwnContactChange('Practitioner', person, { ...person, telecom: [] })).toBe(true);
    expect(isOwnContactChange('Practitioner', person, { ...person, name: [] })).toBe(false);
    const nameless = { resourceType: 'Practitioner' };
    expect(isOwnContactChange('Practitioner', person, nameless)).toBe(false);
    expect(isOwnContactChange('Organization', person, { ...person, telecom: [] })).toBe(false);
  });
});

describe('a qualification', () => {
  const facts = { qualifications: [{ key: 'urn:boards|MD', period: {} }] };
  const word = (mspId: string, outcome: 'verified' | 'failed', atMs: number) => ({
    ...{ attestationId: 'ab'.repeat(16), qualification: 'urn:boards|MD', source: 'register' },
    ...{ mspId, outcome, atMs },
  });
  const status = (words: ReturnType<typeof word>[], nowMs = NOON_MS) =>
    checkedQualifications(facts, words, nowMs)[0]?.status;

  it('is claimed until an organization has checked it, and stale 90 days later', () => {
    expect(status([])).toBe('claimed');
    const checked = [word(MSP, 'verified', NOON_MS)];
    expect(status(checked, NOON_MS + ATTESTED_FOR_MS - 1)).toBe('verified');
    expect(status(checked, NOON_MS + ATTESTED_FOR_MS)).toBe('stale');
    expect(
      status([...checked, word('ClinicMSP', 'verified', NOON_MS + 1)], NOON_MS + ATTESTED_FOR_MS),
    ).toBe('verified');
  });

  it('has failed as long as one organization says so', () => {
    const failed = [word('ClinicMSP', 'failed', NOON_MS), word(MSP, 'verified', NOON_MS + 1)];
    expect(status(failed, NOON_MS + 2 * ATTESTED_FOR_MS)).toBe('failed');
    expect(status([...failed, word('ClinicMSP', 'verified', NOON_MS + 2)])).toBe('verified');
  });
});

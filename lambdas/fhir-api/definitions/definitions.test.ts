import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findings } from '../src/definitions/structures.ts';
import { compileSearch, compileStructures } from './compile.ts';

function kept(name: string): unknown {
  const path = join(process.cwd(), 'lambdas', 'fhir-api', 'src', 'definitions', name);
  return JSON.parse(readFileSync(path, 'utf8'));
}

describe("the tables made from HL7's definitions", () => {
  it('are what the definitions give now (else: node lambdas/fhir-api/definitions/write.ts)', () => {
    expect(kept('r4-structures.json')).toEqual(compileStructures());
    expect(kept('r4-search.json')).toEqual(compileSearch());
  });
});

describe('a resource', () => {
  const patient = { resourceType: 'Patient', active: true, birthDate: '2000-02-29' };

  it.each([
    ['nothing wrong', {}, []],
    [
      'extensions of a primitive',
      { _birthDate: { extension: [{ url: 'x', valueCode: 'y' }] } },
      [],
    ],
    ['extensions of a part', { _contact: {} }, ['Patient']],
    ['a day that is none', { birthDate: '2001-02-29' }, ['Patient.birthDate']],
    ['a time where a date stands', { birthDate: '2001-02-28T10:00:00Z' }, ['Patient.birthDate']],
    ['a text for a truth value', { active: 'true' }, ['Patient.active']],
    ['an object for a list', { name: { family: 'x' } }, ['Patient.name']],
    ['an empty part', { name: [{}] }, ['Patient.name[0]']],
    ['an unknown code', { gender: 'f' }, ['Patient.gender']],
    ['a part without what it needs', { link: [{ type: 'refer' }] }, ['Patient.link[0].other']],
    [
      'two of a choice',
      { deceasedBoolean: false, deceasedDateTime: '2001' },
      ['Patient.deceasedDateTime'],
    ],
    [
      'wrong parts in what it contains',
      { contained: [{ resourceType: 'Patient', x: 1 }] },
      ['Patient.contained[0]'],
    ],
    [
      'text that only looks like XHTML',
      { text: { status: 'generated', div: 'x' } },
      ['Patient.text.div'],
    ],
  ])('with %s is found to be so', (_, changes, places) => {
    const found = findings({ ...patient, ...changes });
    expect(found.map(({ expression }) => expression)).toEqual(places);
  });

  it('is looked at no deeper and no longer than there is reason to', () => {
    const many = { ...patient, name: Array.from({ length: 1_000 }, () => ({ bad: 1 })) };
    expect(findings(many)).toHaveLength(20);
  });
});

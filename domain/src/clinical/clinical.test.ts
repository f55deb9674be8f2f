import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RECORD_CLASSES } from '../access/vocabulary.ts';
import { foldText, indexValueHash, uniqueKeyOf } from './index-hash.ts';
import { LAB_GROUPS, labGroupOf, standsFor } from './lab-equivalence.ts';
import { basicsOfPatient } from './patient-resource.ts';
import { classesOfType, classOfResource, hidesPrescription, isOfClass } from './record-class.ts';
import {
  FhirResource,
  isAboutAnother,
  MAX_RESOURCE_BYTES,
  requireResourceSize,
} from './resource.ts';
import { NoteText, SealedNote } from './sealed-note.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 22, 12);

function observation(category: string): FhirResource {
  return { resourceType: 'Observation', category: [{ coding: [{ code: category }] }] };
}

describe('the class of a resource', () => {
  const cases: [FhirResource, string | undefined][] = [
    [{ resourceType: 'Patient' }, 'basics'],
    [{ resourceType: 'MedicationRequest' }, 'medication'],
    [{ resourceType: 'MedicationStatement' }, 'medication'],
    [{ resourceType: 'ServiceRequest' }, 'order'],
    [observation('laboratory'), 'result'],
    [observation('vital-signs'), 'vitals'],
    [observation('social-history'), 'other'],
    [{ resourceType: 'Observation' }, 'other'],
    [{ resourceType: 'CarePlan' }, 'other'],
    [{ resourceType: 'Bundle' }, undefined],
  ];
  it.each(cases)('of %j is %s', (resource, recordClass) => {
    expect(classOfResource(resource)).toBe(recordClass);
    const classes = classesOfType(resource.resourceType);
    expect(recordClass === undefined ? classes.length === 0 : classes).toEqual(
      recordClass === undefined ? true : expect.arrayContaining([recordClass]),
    );
  });

  it('is one: nobody files a prescription as something else', () => {
    const prescription = { resourceType: 'MedicationRequest' };
    const fitting = RECORD_CLASSES.filter((known) => isOfClass(prescription, known));
    expect(fitting).toEqual(['medication']);
    const around = { resourceType: 'CarePlan', contained: [prescription] };
    expect(hidesPrescription(around, 'other')).toBe(true);
    const drug = { resourceType: 'Medication' };
    expect(hidesPrescription({ resourceType: 'CarePlan', contained: [drug] }, 'other')).toBe(false);
    expect(hidesPrescription({ ...prescription, contained: [drug] }, 'medication')).toBe(false);
  });

  it('lets a document be a clinical note', () => {
    const document = { resourceType: 'DocumentReference' };
    expect(isOfClass(document, 'note') && isOfClass(document, 'document')).toBe(true);
    expect(isOfClass(document, 'psychotherapy-note')).toBe(false);
  });
});

describe('a resource', () => {
  it('is kept as given, whatever its members are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (members) => {
        const resource = { ...members, resourceType: 'Basic' };
        expect(FhirResource.parse(resource)).toBe(resource);
      }),
    );
  });

  const wrong: [string, unknown][] = [
    ['without type', {}],
    ['with another type', { resourceType: 'patient' }],
    ['with a list', [{ resourceType: 'Patient' }]],
    ['with null', null],
    ['nested too deep', deep(10_000)],
  ];
  it.each(wrong)('is refused %s', (_what, value) => {
    expect(FhirResource.safeParse(value).success).toBe(false);
  });

  it('has a size limit that counts bytes, not characters', () => {
    const sized = (length: number) => ({ resourceType: 'Basic', text: 'é'.repeat(length) });
    expect(() => {
      requireResourceSize(sized(MAX_RESOURCE_BYTES / 2 - 100));
    }).not.toThrow();
    expect(() => {
      requireResourceSize(sized(MAX_RESOURCE_BYTES / 2));
    }).toThrow('256 KB');
  });

  it('is about the patient that it names', () => {
    const of = (reference: string) => ({ resourceType: 'Condition', subject: { reference } });
    expect(isAboutAnother(of('Patient/a'), 'a')).toBe(false);
    expect(isAboutAnother(of('Patient/b'), 'a')).toBe(true);
    expect(
      isAboutAnother({ resourceType: 'Immunization', patient: { reference: 'Patient/b' } }, 'a'),
    ).toBe(true);
    expect(isAboutAnother({ resourceType: 'Condition', subject: { display: 'b' } }, 'a')).toBe(
      false,
    );
  });
});

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { value };
  return { resourceType: 'Basic', value };
}

describe('a Patient’s basics', () => {
  it('are the official name, birth date and gender', () => {
    const name = [{ text: 'Zed' }, { use: 'official', family: 'Mejía', given: ['Gustavo', 'A.'] }];
    const patient = { resourceType: 'Patient', name, birthDate: '1980-02-29', gender: 'male' };
    expect(basicsOfPatient(patient)).toEqual({
      family: 'Mejía',
      given: ['Gustavo', 'A.'],
      birthDate: '1980-02-29',
      gender: 'male',
    });
  });

  it.each([{}, { name: [{ family: 'F' }] }, { birthDate: '1980', name: [] }])(
    'are not made of %j',
    (members) => {
      expect(() => basicsOfPatient({ resourceType: 'Patient', ...members })).toThrow(
        'name and a birth date',
      );
    },
  );
});

describe('index values', () => {
  it('are equal for what people type for the same', () => {
    expect(foldText('  MEJÍA   Pérez ')).toBe('mejia perez');
    const hash = (family: string) =>
      indexValueHash('patient-name-birthdate', [family, '1980'], sha256);
    expect(hash('Mejía')).toBe(hash(' MEJIA'));
    expect(hash('Mejía')).not.toBe(hash('Mejias'));
  });

  it('keep their parts, names and kinds apart', () => {
    const hashes = new Set([
      indexValueHash('patient-identifier', ['a', 'bc'], sha256),
      indexValueHash('patient-identifier', ['ab', 'c'], sha256),
      indexValueHash('record-identifier', ['ab', 'c'], sha256),
      uniqueKeyOf('Patient', 'identifier=a|b', sha256),
      uniqueKeyOf('Observation', 'identifier=a|b', sha256),
    ]);
    expect(hashes.size).toBe(5);
  });
});

describe('equivalent laboratory tests', () => {
  it('stand in one group each, with a window and a source', () => {
    const codes = LAB_GROUPS.flatMap((group) => group.codes);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { validityDays, source } of LAB_GROUPS) {
      expect(validityDays).toBeGreaterThan(0);
      expect(source).toContain('http');
    }
  });

  const taken = (daysAgo: number, more: object = {}): FhirResource => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '17856-6' }] },
    effectiveDateTime: new Date(NOW_MS - daysAgo * DAY_MS).toISOString(),
    ...more,
  });
  const cases: [string, FhirResource, boolean][] = [
    ['by another method, 39 days ago', taken(39), true],
    ['40 days ago', taken(40), false],
    ['in the future', taken(-1), false],
    ['not final', taken(1, { status: 'preliminary' }), false],
    ['entered in error', taken(1, { status: 'entered-in-error' }), false],
    ['at an unknown time', taken(1, { effectiveDateTime: undefined }), false],
    [
      'of another code system',
      taken(1, { code: { coding: [{ system: 'x', code: '17856-6' }] } }),
      false,
    ],
    [
      'in a period',
      taken(1, { effectiveDateTime: undefined, effectivePeriod: { start: '2026-11-20' } }),
      true,
    ],
  ];
  it.each(cases)('a haemoglobin A1c %s', (_what, result, stands) => {
    const group = labGroupOf('4548-4');
    expect(group !== undefined && standsFor(result, group, NOW_MS)).toBe(stands);
  });
});

describe('a psychotherapy note', () => {
  it('has no place for what the rule keeps out of it', () => {
    expect(NoteText.safeParse({ text: 'What was said.' }).success).toBe(true);
    for (const more of [{ medication: 'x' }, { start: '2026' }, { diagnosis: 'x' }]) {
      expect(NoteText.safeParse({ text: 'x', ...more }).success).toBe(false);
    }
    expect(SealedNote.safeParse({ resourceType: 'PsychotherapyNote', text: 'plain' }).success).toBe(
      false,
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import type { FhirResource } from 'fhir/r4.js';
import { linesOf, ORDERS, RECORD_SECTIONS, REPORTS } from './record-sections.ts';

const coded = (text: string) => ({ coding: [{ code: 'x', display: text }] });

describe('a line of the chart', () => {
  it('says what it is, in which state, and since when', () => {
    const allergy: FhirResource = {
      resourceType: 'AllergyIntolerance',
      id: 'a',
      patient: {},
      code: coded('Penicillin'),
      clinicalStatus: coded('active'),
      criticality: 'high',
      reaction: [{ manifestation: [coded('Hives'), { text: 'Short breath' }] }],
      recordedDate: '2026-05-01',
    };
    expect(linesOf([allergy])).toEqual([
      {
        id: 'a',
        title: 'Penicillin',
        detail: 'Hives, Short breath',
        state: 'active, high',
        when: '2026-05-01',
      },
    ]);
  });

  it('names the type where nothing better is known, and is left out for what is no resource', () => {
    const lines = linesOf([
      { resourceType: 'CarePlan', id: 'c' },
      { resourceType: 'Condition' },
      {},
    ]);
    expect(lines.map(({ title }) => title)).toEqual(['CarePlan', 'Condition']);
  });

  it.each([...RECORD_SECTIONS, REPORTS, ORDERS].map(({ type, line }) => [type, line] as const))(
    'of a bare %s is no error',
    (resourceType, line) => {
      const bare = { resourceType, class: {}, code: undefined } as unknown as FhirResource;
      expect(line(bare)).toMatchObject({ id: '', detail: '', when: '' });
    },
  );
});

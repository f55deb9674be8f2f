import { describe, expect, it } from '@jest/globals';
import type { AnswerErasureInput, Erasure } from '@pulseledger/domain';
import { answered, NOTHING_PURGED, requireDue } from './erasure-state.ts';

const ID = 'ab'.repeat(16);
const request: Erasure = {
  ...{ requestId: ID, scope: 'clinical', state: 'requested', requestedBy: ID, requestedAtMs: 1 },
  ...{ answers: [], purgedKeys: 0, digestHex: NOTHING_PURGED, destroyedAtMs: null },
};
const BOTH = ['HospitalMSP', 'ClinicMSP'];

function answer(mspId: string, more: Partial<AnswerErasureInput> = {}, to = request): Erasure {
  const given = { patientId: ID, requestId: ID, refusal: null, retainUntilMs: 100, saltHex: ID };
  return answered(to, { ...given, ...more }, { mspId, subjectId: ID, atMs: 2 }, BOTH);
}

describe('a request of a patient with two custodians', () => {
  it('waits for both, and for the longer retention', () => {
    const first = answer('HospitalMSP', { retainUntilMs: 200 });
    expect(first.state).toBe('requested');
    expect(() => answer('HospitalMSP', {}, first)).toThrow('answered already');
    const both = answer('ClinicMSP', {}, first);
    expect(both.state).toBe('restricted');
    const due = (atMs: number) => () => {
      requireDue(both, atMs);
    };
    expect(due(199)).toThrow('kept still');
    expect(due(200)).not.toThrow();
  });

  it('is refused by one of them for good', () => {
    const refused = answer('ClinicMSP', { refusal: 'legal-claims' }, answer('HospitalMSP'));
    expect(refused.state).toBe('refused');
    expect(() => answer('HospitalMSP', {}, refused)).toThrow('decided already');
    expect(() => {
      requireDue(refused, 1_000);
    }).toThrow('kept still');
  });
});

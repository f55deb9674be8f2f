import { describe, expect, it } from '@jest/globals';
import { ERRORS } from '@pulseledger/domain';
import { EXIT } from '../base/failure.ts';
import { asFailure, refusal } from './answers.ts';

describe('what the API refuses', () => {
  it('is told as what, why and what to do, from a problem document', () => {
    const { title, remedy } = ERRORS.access_denied;
    const body = JSON.stringify({ code: 'access_denied', detail: `Not yours. ${remedy}` });
    const { exitCode, text } = refusal({ status: 403, body });
    expect(exitCode).toBe(EXIT.notAllowed);
    expect(text).toEqual({ what: title, why: 'Not yours.', remedy });
  });

  it('is told from an OperationOutcome, without saying anything twice', () => {
    const { title, remedy } = ERRORS.not_found;
    const details = { coding: [{ code: 'not_found' }], text: title };
    const body = JSON.stringify({ issue: [{ details, diagnostics: `${title} ${remedy}` }] });
    const { exitCode, text } = refusal({ status: 404, body });
    expect(exitCode).toBe(EXIT.failed);
    expect(text).toEqual({ what: title, why: 'The API answered 404 (not_found).', remedy });
  });

  it('leads to the doctor when nobody knows what it is', () => {
    expect(refusal({ status: 502, body: 'Bad gateway' }).text).toMatchObject({
      why: 'The API answered 502.',
      remedy: expect.stringContaining('npx pulse doctor'),
    });
  });
});

describe('a connection that fails', () => {
  it('means that no system runs, or another one than was meant', () => {
    const error = (code: string): Error => Object.assign(new Error(code), { code });
    expect(asFailure(error('ECONNREFUSED'), 'system.json').text.remedy).toContain('npm start');
    expect(asFailure(error('SELF_SIGNED_CERT_IN_CHAIN'), 'system.json').text.what).toContain(
      'not the one',
    );
    expect(asFailure(new Error('slow'), 'system.json').text.why).toBe('slow.');
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  ERRORS,
  formatContractError,
  isErrorCode,
  PulseError,
  parseContractError,
  QUARANTINE_REASONS,
} from './errors.ts';

describe('error codes', () => {
  it('survive the way through peer and Gateway', () => {
    for (const code of Object.keys(ERRORS).filter(isErrorCode)) {
      const text = `10 ABORTED: failed to endorse transaction: chaincode response 500, ${formatContractError(code)}`;
      expect(parseContractError(text)).toMatchObject({ code, message: ERRORS[code].title });
    }
  });

  it('are not found in texts of others', () => {
    for (const text of [
      '14 UNAVAILABLE: no connection',
      'toString: x',
      'Error: internal error',
      '',
    ]) {
      expect(parseContractError(text)).toBeUndefined();
    }
  });

  it('tell every caller what to do', () => {
    for (const { title, remedy, httpStatus } of Object.values(ERRORS)) {
      expect(title).toMatch(/^[A-Z].*\.$/);
      expect(remedy).toMatch(/^[A-Z].*\.$/);
      expect(httpStatus).toBeGreaterThanOrEqual(400);
    }
  });

  it('include every reason for quarantine', () => {
    expect(QUARANTINE_REASONS.filter((reason) => !isErrorCode(reason))).toEqual([]);
  });

  it('carry their cause and details', () => {
    const cause = new Error('below');
    const error = new PulseError('unavailable', 'The peer is down.', {
      cause,
      details: { tries: 2 },
    });
    expect(error).toMatchObject({ code: 'unavailable', cause, details: { tries: 2 } });
  });
});

import { describe, expect, it } from '@jest/globals';
import { oneTimePassword } from './one-time-password.ts';

/** `12345678901234567890` in base32. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('a one-time password', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ])('after %d seconds is that of RFC 6238, appendix B', (seconds, expected) => {
    expect(oneTimePassword(SECRET, seconds * 1_000)).toBe(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import { PulseError, parseContractError } from '@pulseledger/domain';
import { outward } from './outward.ts';

describe('an error that leaves the contract', () => {
  it('keeps our code and text', () => {
    const { message } = outward(new PulseError('conflict', 'The device is assigned.'));
    expect(message).toBe('conflict: The device is assigned.');
  });

  const foreign: [unknown, string][] = [
    [
      new Error(
        'GET_STATE failed: private data matching public hash version is not available. Public hash version = {1 0}',
      ),
      'unavailable',
    ],
    [
      new Error(
        'tx creator does not have read access permission on privatedata in chaincodeName:pulse',
      ),
      'access_denied',
    ],
    [new TypeError("cannot read 'Gustavo'"), 'internal'],
    ['Gustavo', 'internal'],
  ];
  it.each(foreign)('never quotes a foreign text: %p', (error, code) => {
    const { message } = outward(error);
    expect(parseContractError(message)).toMatchObject({ code });
    expect(message).not.toMatch(/Gustavo|hash|permission/);
  });
});

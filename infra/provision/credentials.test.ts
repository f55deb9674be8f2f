import { describe, expect, test } from '@jest/globals';
import { checkAccount } from './credentials.ts';

const ACCOUNT = '111111111111';

function client(answer: () => Promise<object>): Parameters<typeof checkAccount>[0] {
  return { send: answer };
}

function failing(name: string): Parameters<typeof checkAccount>[0] {
  const error = new Error('made up');
  error.name = name;
  return client(() => Promise.reject(error));
}

describe('credentials', () => {
  test('of the account that the table names are taken', async () => {
    const right = client(() => Promise.resolve({ Account: ACCOUNT }));
    await expect(checkAccount(right, { account: ACCOUNT })).resolves.toBeUndefined();
  });

  test('of another account are refused before anything is changed', async () => {
    const wrong = client(() => Promise.resolve({ Account: '999999999999' }));
    await expect(checkAccount(wrong, { account: ACCOUNT, profile: 'work' })).rejects.toThrow(
      /\(profile work\) are of account 999999999999, and the environment's table names 111111111111/,
    );
  });

  test.each([
    ['CredentialsProviderError', 'There are no AWS credentials'],
    ['ExpiredTokenException', 'Log in again'],
    ['InvalidClientTokenId', 'Log in again'],
    ['TimeoutError', 'AWS did not say whose credentials these are'],
  ])('that fail with %s are explained', async (name, text) => {
    await expect(checkAccount(failing(name), { account: ACCOUNT })).rejects.toThrow(text);
  });
});

import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { newNoteKey, noteKeyFromPem } from '@pulseledger/ledger';
import { z } from 'zod';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { noteGroupId, noteKeysSecretName } from '../lib/names.ts';
import { provideNoteKey } from './note-keys.ts';
import { SecretValues } from './secret-values.ts';

const { dev } = ENVIRONMENTS;
const NAME = `pulseledger/dev/${noteKeysSecretName(dev, 'clinic')}`;

/** Secrets Manager with one secret, empty or not. */
function account(value?: string): { readonly secrets: SecretValues; readonly text: () => string } {
  let text = value;
  const send = (command: unknown): Promise<object> => {
    if (command instanceof GetSecretValueCommand && command.input.SecretId === NAME) {
      if (text !== undefined) return Promise.resolve({ SecretString: text });
      throw new ResourceNotFoundException({ message: 'empty', $metadata: {} });
    }
    if (command instanceof PutSecretValueCommand && command.input.SecretId === NAME) {
      text = command.input.SecretString;
      return Promise.resolve({});
    }
    throw new TypeError('not made up');
  };
  return { secrets: new SecretValues({ send }, 'pulseledger/dev'), text: () => text ?? '' };
}

describe('the key of psychotherapy notes', () => {
  test('is made once, and is the same whenever it is asked for', async () => {
    const { secrets, text } = account();
    const made = await provideNoteKey(secrets, dev, 'clinic');
    const kept = text();
    expect(await provideNoteKey(secrets, dev, 'clinic')).toEqual(made);
    expect(text()).toBe(kept);
    expect(made.groupId).toBe(noteGroupId(dev, 'clinic'));
    expect(Buffer.from(made.publicKey, 'base64')).toHaveLength(32);
  });

  test('has its private half in the secret, in the form in which the API reads it', async () => {
    const { secrets, text } = account();
    const { keyId, publicKey } = await provideNoteKey(secrets, dev, 'clinic');
    const keys = z.record(z.string(), z.string()).parse(JSON.parse(text()));
    expect(Object.keys(keys)).toEqual([keyId]);
    expect(noteKeyFromPem(keys[keyId] ?? '').asymmetricKeyType).toBe('x25519');
    expect(text()).not.toContain(publicKey);
  });

  test('is the last one of the secret where a newer was put beside an older', async () => {
    const [older, newer] = [newNoteKey(), newNoteKey()];
    const [first, second] = ['ff'.repeat(16), 'aa'.repeat(16)];
    const value = { [first]: older.privateKeyPem, [second]: newer.privateKeyPem };
    const { secrets } = account(JSON.stringify(value));
    const { keyId, publicKey } = await provideNoteKey(secrets, dev, 'clinic');
    expect([keyId, publicKey]).toEqual([second, newer.publicKey]);
  });

  test('is never replaced when the secret holds something else, and the error does not quote it', async () => {
    const { secrets, text } = account('{"made": ["up"]}');
    const failed = provideNoteKey(secrets, dev, 'clinic');
    await expect(failed).rejects.toThrow('something else than keys of notes');
    await expect(failed).rejects.not.toThrow('made');
    expect(text()).toBe('{"made": ["up"]}');
  });

  test('is of a group of its own for each provider and environment', () => {
    const ids = Object.values(ENVIRONMENTS).flatMap((environment) =>
      ['hospital', 'clinic'].map((name) => noteGroupId(environment, name)),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

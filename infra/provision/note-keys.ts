import { createPublicKey, randomBytes } from 'node:crypto';
import { newNoteKey, noteKeyFromPem } from '@pulseledger/ledger';
import { z } from 'zod';
import type { Environment } from '../environments/environment.ts';
import { noteGroupId, noteKeysSecretName } from '../lib/names.ts';
import { ProvisionError } from './errors.ts';
import type { SecretValues } from './secret-values.ts';

const ID_BYTES = 16;

/** A provider's authors of psychotherapy notes, and the key to which their notes are sealed. */
export interface NoteGroup {
  readonly groupId: string;
  readonly keyId: string;
  /** X25519, base64 of 32 bytes. */
  readonly publicKey: string;
}

/** PEM by key id, the newest last; the API reads it (lambdas/fhir-api, note-keys.ts). */
const Keys = z.record(z.string(), z.string());

function parse(secret: string, text: string): readonly (readonly [string, string])[] {
  try {
    return Object.entries(Keys.parse(JSON.parse(text)));
  } catch {
    // What went wrong may quote a key.
    throw new ProvisionError(
      `The secret ${secret} holds something else than keys of notes. Put back its former version: notes are sealed to it.`,
    );
  }
}

/**
 * The newest key of a provider's notes; made when there is none. The private half is in Secrets Manager before anybody
 * is told the public one, so that no note is ever sealed to a key that is lost.
 *
 * @throws ProvisionError
 */
export async function provideNoteKey(
  secrets: SecretValues,
  environment: Environment,
  organization: string,
): Promise<NoteGroup> {
  const groupId = noteGroupId(environment, organization);
  const name = noteKeysSecretName(environment, organization);
  const text = await secrets.read(name);
  const newest = text === undefined ? undefined : parse(name, text).at(-1);
  if (newest !== undefined) {
    const [keyId, pem] = newest;
    return { groupId, keyId, publicKey: publicHalf(pem) };
  }
  const keyId = randomBytes(ID_BYTES).toString('hex');
  const { publicKey, privateKeyPem } = newNoteKey();
  await secrets.write(name, JSON.stringify({ [keyId]: privateKeyPem }));
  return { groupId, keyId, publicKey };
}

function publicHalf(pem: string): string {
  const { x = '' } = createPublicKey(noteKeyFromPem(pem)).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('base64');
}

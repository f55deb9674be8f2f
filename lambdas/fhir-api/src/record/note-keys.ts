import type { KeyObject } from 'node:crypto';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Organization, PulseError } from '@pulseledger/domain';
import { noteKeyFromPem } from '@pulseledger/ledger';
import { z } from 'zod';

/** Gives the private half of a key of a group of authors. */
export type NoteKeys = (
  organization: Organization,
  groupId: string,
  keyId: string,
) => Promise<KeyObject>;

/** A new key is taken up within this time, a withdrawn one forgotten. */
const MAX_AGE_MS = 300_000;
/** Groups whose keys are kept in memory. */
const MAX_GROUPS = 1_000;

/** PKCS #8 PEM by key id: earlier keys open earlier notes. */
const Secret = z.record(z.string(), z.string());
type Keys = ReadonlyMap<string, KeyObject>;

/** Reads `<prefix>/note-keys/<organization>/<group>`, JSON `{keyId: PEM}`, and keeps it for a while. */
export function noteKeys(
  client: Pick<SecretsManagerClient, 'send'>,
  prefix: string,
  now: () => number = Date.now,
): NoteKeys {
  const known = new Map<string, { readonly keys: Promise<Keys>; readonly readAtMs: number }>();
  return async (organization, groupId, keyId) => {
    const name = `${prefix}/note-keys/${organization}/${groupId}`;
    let entry = known.get(name);
    if (entry === undefined || now() - entry.readAtMs >= MAX_AGE_MS) {
      if (known.size >= MAX_GROUPS) known.clear();
      entry = { keys: readKeys(client, name), readAtMs: now() };
      known.set(name, entry);
    }
    // A failed read is not kept: the next caller tries again.
    const keys = await entry.keys.catch((error: unknown) => {
      known.delete(name);
      throw error;
    });
    const key = keys.get(keyId);
    if (key === undefined) throw new PulseError('not_found');
    return key;
  };
}

async function readKeys(client: Pick<SecretsManagerClient, 'send'>, name: string): Promise<Keys> {
  const { SecretString: text = '' } = await client
    .send(new GetSecretValueCommand({ SecretId: name }))
    .catch((cause: unknown) => {
      throw new PulseError('unavailable', 'the keys of notes cannot be read', { cause });
    });
  try {
    const pems = Object.entries(Secret.parse(JSON.parse(text)));
    return new Map(pems.map(([keyId, pem]) => [keyId, noteKeyFromPem(pem)]));
  } catch {
    // What went wrong may quote a key.
    throw new PulseError('unavailable', 'the keys of notes are not in the expected form');
  }
}

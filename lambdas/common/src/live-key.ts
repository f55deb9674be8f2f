import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PulseError } from '@pulseledger/domain';
import { z } from 'zod';

/** Secrets Manager generates letters and digits without padding: 44 of them are 33 bytes. */
const LEAST_KEY_BYTES = 32;
/** A rotated key is taken up within this time; a ticket under the old one is asked for anew. */
const MAX_AGE_MS = 300_000;

const Secret = z.object({ keyBase64: z.base64() });

/** Reads the key of live tickets, `<prefix>/live`, and keeps it for a while. */
export function liveKey(
  client: SecretsManagerClient,
  prefix: string,
  now: () => number = Date.now,
): () => Promise<Uint8Array> {
  let known: { readonly key: Uint8Array; readonly readAtMs: number } | undefined;
  return async () => {
    if (known !== undefined && now() - known.readAtMs < MAX_AGE_MS) return known.key;
    const { SecretString: text = '' } = await client
      .send(new GetSecretValueCommand({ SecretId: `${prefix}/live` }))
      .catch((cause: unknown) => {
        throw new PulseError('unavailable', 'the key of live tickets cannot be read', { cause });
      });
    const parsed: unknown = JSON.parse(text);
    const key = new Uint8Array(Buffer.from(Secret.parse(parsed).keyBase64, 'base64'));
    if (key.length < LEAST_KEY_BYTES) throw new PulseError('internal');
    known = { key, readAtMs: now() };
    return key;
  };
}

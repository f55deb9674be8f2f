import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type AttesterKey, PulseError, type PutAttesterKeyInput } from '@pulseledger/domain';
import type { AccessClient } from './access-client.ts';

const ID_BYTES = 16;
/** How long the old key still signs after a new one was published. */
const OVERLAP_MS: number = 60 * 60_000;
/** A key may be used a little before it is published: clocks differ. */
const EARLIER_MS: number = 5 * 60_000;

/** The access client of an administrator of a provider, or whoever else makes these calls for one. */
export interface AttesterAdministrator {
  readonly mspId: string;
  readonly access: Pick<AccessClient, 'listAttesters'> & {
    readonly putAttesterKey: (input: PutAttesterKeyInput) => Promise<unknown>;
    readonly publishAttester: (input: AttesterKey) => Promise<unknown>;
  };
}

function isLive({ untilMs }: AttesterKey, nowMs: number): boolean {
  return untilMs === null || nowMs < untilMs;
}

async function liveKeys(of: AttesterAdministrator, nowMs: number): Promise<AttesterKey[]> {
  const { attesters } = await of.access.listAttesters();
  return (attesters[of.mspId] ?? []).filter((key) => isLive(key, nowMs));
}

/**
 * Makes a key pair, keeps the private half where only the organization's own peers have it, and publishes the other half.
 * The private key is never written anywhere else. Keys that were live end an hour later.
 */
export async function renewAttester(of: AttesterAdministrator, nowMs: number): Promise<void> {
  const before = await liveKeys(of, nowMs);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const keyId = randomBytes(ID_BYTES).toString('hex');
  await of.access.putAttesterKey({
    keyId,
    privateKeyPkcs8Base64: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    saltHex: randomBytes(ID_BYTES).toString('hex'),
  });
  for (const key of before) {
    await of.access.publishAttester({ ...key, untilMs: nowMs + OVERLAP_MS });
  }
  await of.access.publishAttester({
    keyId,
    publicKeySpkiBase64: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    fromMs: nowMs - EARLIER_MS,
    untilMs: null,
  });
}

/**
 * Gives every provider a key to attest with, unless it has one: once at the first start of an installation, by an
 * administrator of each provider. Without both, nobody can open a chart or write to a record.
 */
export async function provideAttesters(
  administrators: readonly AttesterAdministrator[],
  nowMs: number,
): Promise<void> {
  if (administrators.length === 0)
    throw new PulseError('invalid_input', 'There is nobody to do it.');
  await Promise.all(
    administrators.map(async (of) => {
      if ((await liveKeys(of, nowMs)).length === 0) await renewAttester(of, nowMs);
    }),
  );
}

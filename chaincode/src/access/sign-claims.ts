import {
  ACCESS_KEYS,
  ATTESTATION_SKEW_MS,
  type AttesterKey,
  AttesterSecret,
  implicitCollection,
  PulseError,
} from '@pulseledger/domain';
import { signEd25519 } from '../ed25519.ts';
import { readDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { attesterKeys } from './attester-keys.ts';

/** The published key that was under way at a moment; the newest, when two were. */
export function keysAt(keys: readonly AttesterKey[], atMs: number): readonly AttesterKey[] {
  return keys.filter(
    ({ fromMs, untilMs }) => fromMs <= atMs && (untilMs === null || atMs < untilMs),
  );
}

/**
 * Refuse a moment that is not about now: both organizations decide as of the same moment, which the
 * caller names, but not one of the caller's choice.
 *
 * @throws PulseError `attestation_stale`.
 */
export function requireAboutNow(atMs: number, nowMs: number): void {
  if (Math.abs(atMs - nowMs) > ATTESTATION_SKEW_MS) throw new PulseError('attestation_stale');
}

/**
 * The signature of an organization over claims. Only at the organization's own peers is there a key
 * to sign with. Only for evaluated functions.
 *
 * @returns base64.
 * @throws PulseError `unavailable` when the organization has no key here.
 */
export async function signClaims(
  stub: LedgerStub,
  attesterMspId: string,
  claims: string,
  atMs: number,
): Promise<string> {
  const key = keysAt(await attesterKeys(stub, attesterMspId), atMs).at(-1);
  if (key === undefined) {
    throw new PulseError('unavailable', 'The organization has published no attester.');
  }
  const secret = await readDocument(
    stub,
    ACCESS_KEYS.attesterSecret(key.keyId),
    AttesterSecret,
    implicitCollection(attesterMspId),
  );
  if (secret === undefined) {
    throw new PulseError('unavailable', 'The organization has no attester here.');
  }
  return signEd25519(claims, secret.privateKeyPkcs8Base64);
}

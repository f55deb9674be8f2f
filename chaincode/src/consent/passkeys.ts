import {
  CONSENT_KEYS,
  hexFromBytes,
  type KnownPasskey,
  PasskeyDocument,
  PasskeyUseDocument,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import { parseDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

const ID_DIGITS = 32;

/** A passkey's name in keys: credential ids are of any length. */
export function passkeyIdOf(credentialId: string): string {
  return hexFromBytes(sha256(Buffer.from(credentialId, 'base64url'))).slice(0, ID_DIGITS);
}

/** All passkeys of a person, lost ones too. Only for evaluated functions. */
export async function passkeysOf(stub: LedgerStub, subjectId: string): Promise<PasskeyDocument[]> {
  const prefix = { objectType: 'passkey', attributes: [subjectId] };
  const passkeys: PasskeyDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    passkeys.push(parseDocument(value, PasskeyDocument));
  }
  return passkeys;
}

/**
 * The highest counter that a passkey has shown. Uses are documents of their own: a counter that
 * every use rewrites would be a key that links all consents of a person.
 */
async function highestCounter(
  stub: LedgerStub,
  { subjectId, credentialId, counter }: PasskeyDocument,
): Promise<number> {
  const attributes = [subjectId, passkeyIdOf(credentialId)];
  const prefix = { objectType: 'passkey-use', attributes };
  let highest = counter;
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    highest = Math.max(highest, parseDocument(value, PasskeyUseDocument).counter);
  }
  return highest;
}

/** Passkeys that are not lost, as an assertion is judged by them. Only for evaluated functions. */
export async function knownPasskeys(
  stub: LedgerStub,
  passkeys: readonly PasskeyDocument[],
): Promise<KnownPasskey[]> {
  const known: KnownPasskey[] = [];
  for (const passkey of passkeys.filter(({ revokedAtMs }) => revokedAtMs === null)) {
    const { credentialId, publicKeySpkiBase64 } = passkey;
    const counter = await highestCounter(stub, passkey);
    known.push({ credentialId, publicKeySpkiBase64, counter });
  }
  return known;
}

/** Key of one use of a passkey. */
export function useKey(
  subjectId: string,
  { credentialId, counter }: KnownPasskey,
  useId: string,
): ReturnType<typeof CONSENT_KEYS.use> {
  return CONSENT_KEYS.use(subjectId, passkeyIdOf(credentialId), { counter, useId });
}

import {
  type Agreement,
  type CeremonyCrypto,
  type ConsentClaims,
  ceremonyChallenge,
  type PasskeyAssertion,
  type PasskeyUseDocument,
  PulseError,
  verifyAssertion,
} from '@pulseledger/domain';
import { isSignedDer, sha256 } from '../crypto.ts';
import { exists, writeDocument } from '../store/documents.ts';
import type { Call } from '../transaction/invoke.ts';
import { useKey } from './passkeys.ts';
import { requireRelyingParty } from './relying-party.ts';

/** The contract's cryptography for passkeys. */
export const CEREMONY_CRYPTO: CeremonyCrypto = { sha256, isSigned: isSignedDer };

/** What somebody has to agree to with a passkey. */
export interface Agreed {
  readonly ceremony: 'grant' | 'revoke' | 'passkey-request';
  readonly content: object;
  readonly assertion: PasskeyAssertion;
  /** Random, of this agreement only. */
  readonly useId: string;
  readonly saltHex: string;
}

/**
 * Go on only when the caller's own passkey agreed to exactly this. The use is written down, so that
 * the same counter is not taken twice, not even by two transactions at the same time.
 *
 * @throws PulseError `bad_assertion`, `precondition_failed`.
 */
export async function requireAgreement(
  { stub, caller, nowMs }: Call<unknown>,
  { passkeys, subjectId }: ConsentClaims,
  { ceremony, content, assertion, useId, saltHex }: Agreed,
): Promise<Agreement> {
  const passkey = verifyAssertion(assertion, {
    challenge: ceremonyChallenge(ceremony, content, sha256),
    relyingParty: await requireRelyingParty(stub),
    passkeys,
    crypto: CEREMONY_CRYPTO,
  });
  const key = useKey(subjectId, passkey, useId);
  if (await exists(stub, key)) {
    throw new PulseError('bad_assertion', 'The passkey’s answer was used already.');
  }
  const use: PasskeyUseDocument = { counter: passkey.counter, atMs: nowMs, saltHex };
  await writeDocument(stub, key, use);
  return { subjectId, role: caller.role, mspId: caller.mspId, atMs: nowMs, assertion };
}

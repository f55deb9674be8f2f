import {
  ConsentClaims,
  type ConsentTerms,
  type ConsentUse,
  canonicalJson,
  PulseError,
} from '@pulseledger/domain';
import { verifyAttestation } from '../access/attestation.ts';
import type { Call } from '../transaction/invoke.ts';

/** What the claims must be about. */
export interface ExpectedClaims {
  readonly use: ConsentUse['kind'];
  /** The caller's own id when left out. */
  readonly patientId?: string;
  readonly terms?: ConsentTerms;
  readonly consentId?: string;
}

function isAbout(claims: ConsentClaims, { use, terms, consentId }: ExpectedClaims): boolean {
  return (
    claims.use === use &&
    (terms === undefined || canonicalJson(claims.terms) === canonicalJson(terms)) &&
    (consentId === undefined || claims.terms?.consentId === consentId)
  );
}

/**
 * Go on only with claims of both organizations that the caller may do exactly this.
 *
 * @throws PulseError `bad_attestation`, `attestation_stale`, `access_denied`.
 */
export async function requireConsentClaims(
  call: Call<unknown>,
  expected: ExpectedClaims,
): Promise<ConsentClaims> {
  const claims = await verifyAttestation(call, ConsentClaims);
  if (claims.outcome === 'deny') throw new PulseError('access_denied');
  const patientId = expected.patientId ?? call.caller.subjectId;
  if (claims.patientId !== patientId || !isAbout(claims, expected)) {
    throw new PulseError('bad_attestation', 'The attestation is about something else.');
  }
  return claims;
}

import {
  ATTESTATION_LEAD_MS,
  ATTESTATION_LIFE_MS,
  Attestation,
  Claims,
  type CommonClaims,
  PROVIDER_MSP_IDS,
  PulseError,
  parseJsonInput,
  type Schema,
} from '@pulseledger/domain';
import { isEd25519Signed } from '../ed25519.ts';
import type { Call } from '../transaction/invoke.ts';
import { jsonField } from '../transaction/transient.ts';
import { attesterKeys } from './attester-keys.ts';
import { keysAt } from './sign-claims.ts';

type AnyCall = Omit<Call<unknown>, 'input'>;

/**
 * Every provider signed exactly these bytes with a key that was under way. It reads public state
 * that all transactions read alike, which tells nothing about the patient.
 */
async function requireSignatures(
  { stub }: AnyCall,
  { claims, signatures }: Attestation,
  atMs: number,
): Promise<void> {
  const byMspId: Readonly<Record<string, string>> = signatures;
  for (const mspId of PROVIDER_MSP_IDS) {
    const signature = byMspId[mspId] ?? '';
    const keys = keysAt(await attesterKeys(stub, mspId), atMs);
    const isSigned = keys.some((key) =>
      isEd25519Signed(claims, signature, key.publicKeySpkiBase64),
    );
    if (!isSigned) throw new PulseError('bad_attestation');
  }
}

function requireOwn({ caller }: AnyCall, claims: CommonClaims): void {
  const isOwn =
    claims.subjectId === (caller.subjectId ?? null) &&
    claims.role === caller.role &&
    claims.mspId === caller.mspId;
  if (!isOwn) throw new PulseError('bad_attestation', 'The attestation is of somebody else.');
}

function requireFresh({ nowMs }: AnyCall, { atMs, expiresAtMs }: CommonClaims): void {
  const isFresh =
    atMs <= nowMs + ATTESTATION_LEAD_MS &&
    nowMs < expiresAtMs &&
    expiresAtMs <= atMs + ATTESTATION_LIFE_MS;
  if (!isFresh) throw new PulseError('attestation_stale');
}

/**
 * The claims in the transient field `attestation`, after both providers' signatures, the caller and
 * the time were checked. A submitted function decides by them instead of reading the patient's keys.
 *
 * @throws PulseError `bad_attestation`, `attestation_stale`, `invalid_input`.
 */
export async function verifyAttestation<T extends CommonClaims>(
  call: AnyCall,
  schema: Schema<T>,
): Promise<T> {
  if (!call.stub.getTransient().has('attestation')) {
    throw new PulseError('bad_attestation', 'There is no attestation.');
  }
  const attestation = jsonField(call.stub, 'attestation', Attestation);
  const claims = parseJsonInput(schema, attestation.claims);
  await requireSignatures(call, attestation, claims.atMs);
  requireOwn(call, claims);
  requireFresh(call, claims);
  return claims;
}

/**
 * The claims about one patient or one share.
 *
 * @throws PulseError as {@link verifyAttestation}; `bad_attestation` for those about another.
 */
export async function requireAttestation(
  call: AnyCall,
  about: { readonly patientId: string } | { readonly shareId: string },
): Promise<Claims> {
  const claims = await verifyAttestation(call, Claims);
  const isAbout =
    'patientId' in about ? claims.patientId === about.patientId : claims.shareId === about.shareId;
  if (!isAbout) throw new PulseError('bad_attestation', 'The attestation is about somebody else.');
  return claims;
}

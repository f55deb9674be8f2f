import {
  type ChangeOutput,
  CONSENT_KEYS,
  type ConsentClaims,
  ceremonyChallenge,
  hexFromBytes,
  INVITATION_LIFE_MS,
  InvitationDocument,
  MAX_PASSKEYS,
  type NewPasskey,
  type OpenedInvitation,
  PasskeyDocument,
  type PasskeyRequest,
  type PasskeyVouch,
  PROVIDERS_COLLECTION,
  PulseError,
  RegisterPasskeyInput,
  verifyRegistration,
} from '@pulseledger/domain';
import { parsePublicKey, sha256 } from '../crypto.ts';
import { exists, ledgerKey, readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { CEREMONY_CRYPTO, requireAgreement } from './agreement.ts';
import { requireConsentClaims } from './claims.ts';
import { passkeyIdOf } from './passkeys.ts';
import { requireRelyingParty } from './relying-party.ts';

type RegisterCall = Call<RegisterPasskeyInput>;

/** Spends an invitation: it must be this person's, of this kind, young, and the code the one that was handed over. */
async function spend(
  { stub, nowMs }: RegisterCall,
  subjectId: string,
  kind: InvitationDocument['kind'],
  { invitationId, code }: OpenedInvitation,
): Promise<InvitationDocument> {
  const key = CONSENT_KEYS.invitation(invitationId);
  const invitation = await readDocument(stub, key, InvitationDocument);
  const isGood =
    invitation?.subjectId === subjectId &&
    invitation.kind === kind &&
    nowMs - invitation.atMs < INVITATION_LIFE_MS &&
    hexFromBytes(sha256(Buffer.from(code))) === invitation.codeDigestHex;
  if (!isGood) throw new PulseError('access_denied', 'The invitation does not hold.');
  await stub.purgePrivateData(PROVIDERS_COLLECTION, ledgerKey(stub, key));
  return invitation;
}

/** The first passkey: an administrator of the person's own organization has seen them. */
async function provedInPerson(
  call: RegisterCall,
  { subjectId, passkeys, lostPasskeys }: ConsentClaims,
  opened: OpenedInvitation,
): Promise<void> {
  if (passkeys.length + lostPasskeys.length > 0) {
    throw new PulseError('conflict', 'There is a passkey already: use it to add this one.');
  }
  const invitation = await spend(call, subjectId, 'in-person', opened);
  if (invitation.mspId !== call.caller.mspId) {
    throw new PulseError('access_denied', 'The invitation is of another organization.');
  }
}

/** A lost phone: administrators of two organizations have seen the person, and the old passkeys end. */
async function provedByTwo(
  call: RegisterCall,
  { subjectId, passkeys }: ConsentClaims,
  opened: readonly OpenedInvitation[],
): Promise<void> {
  const organizations = new Set<string>();
  for (const each of opened) {
    organizations.add((await spend(call, subjectId, 'recovery', each)).mspId);
  }
  if (organizations.size < 2) {
    throw new PulseError('access_denied', 'Two organizations have to invite.');
  }
  for (const { credentialId } of passkeys) await endPasskey(call, subjectId, credentialId);
}

async function endPasskey(
  { stub, nowMs }: RegisterCall,
  subjectId: string,
  credentialId: string,
): Promise<void> {
  const key = CONSENT_KEYS.passkey(subjectId, passkeyIdOf(credentialId));
  const known = await readDocument(stub, key, PasskeyDocument);
  if (known === undefined) return;
  const ended: PasskeyDocument = { ...known, revokedAtMs: nowMs };
  await writeDocument(stub, key, ended);
}

/** Another device: a known passkey agrees to this new one. */
async function provedByPasskey(
  call: RegisterCall,
  claims: ConsentClaims,
  added: NewPasskey,
): Promise<void> {
  const { input } = call;
  if (input.proof.kind !== 'passkey') return;
  const { nonceHex, saltHex } = input;
  const { credentialId, publicKeySpkiBase64 } = added;
  const content: PasskeyVouch = {
    subjectId: claims.subjectId,
    nonceHex,
    credentialId,
    publicKeySpkiBase64,
  };
  await requireAgreement(call, claims, {
    ceremony: 'passkey-request',
    content,
    assertion: input.proof.assertion,
    useId: nonceHex,
    saltHex,
  });
}

async function prove(call: RegisterCall, claims: ConsentClaims, added: NewPasskey): Promise<void> {
  const { proof } = call.input;
  if (proof.kind === 'in-person') await provedInPerson(call, claims, proof.invitation);
  else if (proof.kind === 'recovery') await provedByTwo(call, claims, proof.invitations);
  else await provedByPasskey(call, claims, added);
}

async function registerPasskey(call: RegisterCall): Promise<ChangeOutput> {
  const { stub, input, nowMs } = call;
  const claims = await requireConsentClaims(call, { use: 'passkey' });
  const { subjectId } = claims;
  const request: PasskeyRequest = { subjectId, nonceHex: input.nonceHex };
  const added = verifyRegistration(input.registration, {
    challenge: ceremonyChallenge('passkey', request, sha256),
    relyingParty: await requireRelyingParty(stub),
    crypto: CEREMONY_CRYPTO,
  });
  parsePublicKey(added.publicKeySpkiBase64);
  if (claims.passkeys.length >= MAX_PASSKEYS) {
    throw new PulseError('conflict', 'There are too many passkeys.');
  }
  const key = CONSENT_KEYS.passkey(subjectId, passkeyIdOf(added.credentialId));
  if (await exists(stub, key)) throw new PulseError('conflict', 'The passkey is known already.');
  await prove(call, claims, added);
  const passkey: PasskeyDocument = {
    subjectId,
    ...added,
    approval: input.proof.kind,
    registeredAtMs: nowMs,
    revokedAtMs: null,
    saltHex: input.saltHex,
  };
  await writeDocument(stub, key, passkey);
  return CHANGED;
}

export const REGISTER_PASSKEY: TransactionFunction<RegisterPasskeyInput> = {
  name: 'consent:RegisterPasskey',
  input: inputOf(RegisterPasskeyInput),
  run: registerPasskey,
};

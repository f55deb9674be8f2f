import { createHash, randomBytes } from 'node:crypto';
import {
  type Attestation,
  type ConsentAttestInput,
  ConsentAttestOutput,
  type ConsentTerms,
  type ConsentUse,
  ceremonyChallenge,
  type PasskeyProof,
  PROVIDER_MSP_IDS,
  type RelyingParty,
  type RevokeTerms,
  type SharedDocument,
  type SharePurge,
} from '@pulseledger/domain';
import { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import { sha256 } from '../crypto.ts';
import type { Identity, LedgerDouble } from './ledger-double.ts';
import { HOSPITAL, HOUR_MS, INSURER, NOON_MS, PATIENT_ID, PEOPLE, SALT_HEX } from './story.ts';

export const ORIGIN = 'https://app.pulse.test';
export const RELYING_PARTY: RelyingParty = { id: 'pulse.test', origins: [ORIGIN] };
export const DAY_MS: number = 24 * HOUR_MS;

/** An id that occurs nowhere else. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

/** A passkey of the story, on the page of the story. */
export function passkey(
  more: { origin?: string; keepsCounter?: boolean } = {},
): SoftwareAuthenticator {
  return new SoftwareAuthenticator({ relyingPartyId: RELYING_PARTY.id, origin: ORIGIN, ...more });
}

/** Both organizations say where passkeys are used. */
export async function setRelyingParty(ledger: LedgerDouble): Promise<void> {
  for (const identity of [PEOPLE.administrator, PEOPLE.clinicAdministrator]) {
    const call = { identity, input: RELYING_PARTY, nowMs: NOON_MS };
    await ledger.submit('consent:SetRelyingParty', call);
  }
}

/** What both organizations attest, with the lists beside it. */
export interface Attested extends Attestation {
  readonly copies: readonly SharedDocument[];
  readonly purges: readonly SharePurge[];
  readonly isWhole: boolean;
}

/** `consent:Attest` at both organizations. */
export async function attestConsent(
  ledger: LedgerDouble,
  identity: Identity,
  use: ConsentUse,
  more: { readonly patientId?: string; readonly nowMs?: number } = {},
): Promise<Attested> {
  const { patientId = PATIENT_ID, nowMs = NOON_MS } = more;
  const question: ConsentAttestInput = { patientId, use, atMs: nowMs, nonceHex: newId() };
  const answers = new Map<string, ConsentAttestOutput>();
  for (const mspId of PROVIDER_MSP_IDS) {
    const input = { attesterMspId: mspId, question };
    const call = { identity, input, nowMs, peerMspId: mspId };
    answers.set(mspId, ConsentAttestOutput.parse(await ledger.evaluate('consent:Attest', call)));
  }
  const [hospital, clinic] = [answers.get('HospitalMSP'), answers.get('ClinicMSP')];
  if (hospital === undefined || hospital.claims !== clinic?.claims) {
    throw new Error('the providers do not agree');
  }
  const { claims, copies, purges, isWhole } = hospital;
  const signatures = { HospitalMSP: hospital.signature, ClinicMSP: clinic.signature };
  return { claims, signatures, copies, purges, isWhole };
}

/** The attestation as a transaction takes it. */
export function attestationOf({ claims, signatures }: Attested): Attestation {
  return { claims, signatures };
}

/** An administrator sees the person; the invitation with its code. */
export async function invite(
  ledger: LedgerDouble,
  administrator: Identity,
  subjectId: string,
  more: { readonly kind?: 'in-person' | 'recovery'; readonly nowMs?: number } = {},
): Promise<{ readonly invitationId: string; readonly code: string }> {
  const { kind = 'in-person', nowMs = NOON_MS } = more;
  const [invitationId, code] = [newId(), newId()];
  const codeDigestHex = createHash('sha256').update(code).digest('hex');
  const input = { invitationId, subjectId, kind, codeDigestHex, saltHex: SALT_HEX };
  await ledger.submit('consent:InvitePasskey', { identity: administrator, input, nowMs });
  return { invitationId, code };
}

/** Register a passkey as the person, by this proof. */
export async function registerPasskey(
  ledger: LedgerDouble,
  identity: Identity,
  device: SoftwareAuthenticator,
  proof: PasskeyProof,
  more: { readonly nowMs?: number; readonly nonceHex?: string } = {},
): Promise<unknown> {
  const { nowMs = NOON_MS, nonceHex = newId() } = more;
  const subjectId = identity.subjectId ?? '';
  const attested = await attestConsent(
    ledger,
    identity,
    { kind: 'passkey' },
    { patientId: subjectId, nowMs },
  );
  const challenge = ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256);
  const registration = device.register(challenge);
  const input = { nonceHex, registration, proof, saltHex: SALT_HEX };
  const attestation = attestationOf(attested);
  return ledger.submit('consent:RegisterPasskey', { identity, input, attestation, nowMs });
}

/** The person's first passkey, by their own organization's administrator. */
export async function firstPasskey(
  ledger: LedgerDouble,
  identity: Identity,
  device: SoftwareAuthenticator = passkey(),
): Promise<SoftwareAuthenticator> {
  const administrator =
    identity.mspId === HOSPITAL ? PEOPLE.administrator : PEOPLE.clinicAdministrator;
  const invitation = await invite(ledger, administrator, identity.subjectId ?? '');
  await registerPasskey(ledger, identity, device, { kind: 'in-person', invitation });
  return device;
}

/** Terms with the insurer over the patient's encounters and conditions, for a day. */
export function termsWith(change: Partial<ConsentTerms> = {}): ConsentTerms {
  return {
    v: 1,
    consentId: newId(),
    patientId: PATIENT_ID,
    effect: 'permit',
    grantee: { mspId: INSURER, subjectId: null },
    classes: ['basics', 'encounter', 'condition'],
    labels: [],
    purposes: ['HPAYMT'],
    fromMs: NOON_MS,
    untilMs: NOON_MS + DAY_MS,
    share: { shareId: newId(), aliasSaltHex: newId() },
    saltHex: newId(),
    ...change,
  };
}

/** What a test changes of a grant or revoke on its way. */
export interface Tampering {
  readonly nowMs?: number;
  readonly challenge?: string;
  readonly attested?: Attested;
  readonly input?: object;
}

/** Give a consent with the patient's passkey. */
export async function grant(
  ledger: LedgerDouble,
  identity: Identity,
  device: SoftwareAuthenticator,
  terms: ConsentTerms,
  tampering: Tampering = {},
): Promise<unknown> {
  const { nowMs = NOON_MS } = tampering;
  const { patientId } = terms;
  const attested =
    tampering.attested ??
    (await attestConsent(ledger, identity, { kind: 'grant', terms }, { patientId, nowMs }));
  const challenge = tampering.challenge ?? ceremonyChallenge('grant', terms, sha256);
  const assertion = device.assert(challenge);
  const { copies, purges } = attested;
  const input = { terms, assertion, shareSaltHex: newId(), copies, purges, ...tampering.input };
  const attestation = attestationOf(attested);
  return ledger.submit('consent:Grant', { identity, input, attestation, nowMs });
}

/** Copy what is missing, until nothing is; how many transactions that took. */
export async function copyRest(
  ledger: LedgerDouble,
  identity: Identity,
  { patientId, consentId }: ConsentTerms,
  nowMs: number = NOON_MS,
): Promise<number> {
  for (let steps = 0; ; steps += 1) {
    const use = { kind: 'copy', consentId } as const;
    const attested = await attestConsent(ledger, identity, use, { patientId, nowMs });
    const places = attested.purges.flatMap((purge) => purge.places);
    if (attested.copies.length + places.length === 0) return steps;
    const input = { patientId, consentId, copies: attested.copies, places };
    const attestation = attestationOf(attested);
    await ledger.submit('consent:Copy', { identity, input, attestation, nowMs });
  }
}

/** End a consent with the patient's passkey. */
export async function revoke(
  ledger: LedgerDouble,
  identity: Identity,
  device: SoftwareAuthenticator,
  { patientId, consentId }: ConsentTerms,
  tampering: Tampering = {},
): Promise<unknown> {
  const { nowMs = NOON_MS } = tampering;
  const use = { kind: 'revoke', consentId } as const;
  const attested =
    tampering.attested ?? (await attestConsent(ledger, identity, use, { patientId, nowMs }));
  const content: RevokeTerms = { patientId, consentId };
  const challenge = tampering.challenge ?? ceremonyChallenge('revoke', content, sha256);
  const assertion = device.assert(challenge);
  const places = attested.purges.flatMap((purge) => purge.places);
  const input = { patientId, consentId, assertion, places, ...tampering.input };
  const attestation = attestationOf(attested);
  return ledger.submit('consent:Revoke', { identity, input, attestation, nowMs });
}

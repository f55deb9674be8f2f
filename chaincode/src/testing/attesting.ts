import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  type Attestation,
  type AttestInput,
  AttestOutput,
  type EmergencyClaim,
  type Purpose,
  RECORD_CLASSES,
  type RecordClass,
  type Want,
} from '@pulseledger/domain';
import type { FunctionName } from '../access/rules.ts';
import type { Identity, LedgerDouble } from './ledger-double.ts';

const HOSPITAL = 'HospitalMSP';
const CLINIC = 'ClinicMSP';
const SALT_HEX = 'a7'.repeat(16);

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** An Ed25519 key pair as the contracts take it. */
export function attesterKeyPair(): { publicKeySpkiBase64: string; privateKeyPkcs8Base64: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKeySpkiBase64: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKeyPkcs8Base64: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

/** Give each provider a key to attest with, as its administrator does once. */
export async function provideAttesters(ledger: LedgerDouble, nowMs: number): Promise<void> {
  for (const mspId of [HOSPITAL, CLINIC]) {
    const identity: Identity = { mspId, role: 'administrator', subjectId: hexOf(`${mspId} keys`) };
    const keyId = hexOf(`${mspId} key`);
    const { publicKeySpkiBase64, privateKeyPkcs8Base64 } = attesterKeyPair();
    const secret = { keyId, privateKeyPkcs8Base64, saltHex: SALT_HEX };
    await ledger.submit('access:PutAttesterKey', { identity, input: secret, nowMs });
    const published = { keyId, publicKeySpkiBase64, fromMs: 0, untilMs: null };
    await ledger.submit('access:PublishAttester', { identity, input: published, nowMs });
  }
}

/** The same question to both providers, and their signatures over the same claims. */
export async function attestWith(
  ledger: LedgerDouble,
  name: FunctionName,
  proposal: { identity: Identity; input: object; nowMs: number },
): Promise<Attestation> {
  const answers: AttestOutput[] = [];
  for (const attesterMspId of [HOSPITAL, CLINIC]) {
    const input = { attesterMspId, question: proposal.input };
    const answer = await ledger.evaluate(name, { ...proposal, input, peerMspId: attesterMspId });
    answers.push(AttestOutput.parse(answer));
  }
  const [hospital, clinic] = answers;
  if (hospital === undefined || clinic === undefined || hospital.claims !== clinic.claims) {
    throw new Error('the providers attest differently');
  }
  const signatures = { HospitalMSP: hospital.signature, ClinicMSP: clinic.signature };
  return { claims: hospital.claims, signatures };
}

const PURPOSES: Readonly<Partial<Record<Identity['role'], Purpose>>> = {
  patient: 'PATRQT',
  representative: 'PWATRNY',
  'insurance-agent': 'HPAYMT',
  'emergency-medic': 'BTG',
  administrator: 'HOPERAT',
};

/** An attested decision about what somebody wants to do with a patient's record, or with a share. */
export function attest(
  ledger: LedgerDouble,
  identity: Identity,
  about: {
    patientId?: string;
    shareId?: string;
    wants: readonly Want[];
    purpose?: Purpose;
    emergency?: EmergencyClaim;
    tests?: readonly string[];
    corrects?: string;
  },
  nowMs: number,
): Promise<Attestation> {
  const purpose = about.purpose ?? PURPOSES[identity.role] ?? 'TREAT';
  const input: AttestInput = { ...about, purpose, atMs: nowMs, nonceHex: '0c'.repeat(16) };
  return attestWith(ledger, 'access:Attest', { identity, input, nowMs });
}

/** Open the patient's chart and read by virtue of the permit, as clients do. */
export async function readOpened(
  ledger: LedgerDouble,
  name: FunctionName,
  proposal: {
    readonly identity: Identity;
    readonly input: { readonly patientId: string; readonly [field: string]: unknown };
    readonly nowMs: number;
  },
): Promise<unknown> {
  const { identity, input, nowMs } = proposal;
  const permitId = await openChart(ledger, identity, { patientId: input.patientId }, nowMs);
  return ledger.evaluate(name, { ...proposal, input: { ...input, permitId } });
}

/** Open a chart, of a patient or a share; the permit, whatever was decided. */
export async function openChart(
  ledger: LedgerDouble,
  identity: Identity,
  about: {
    patientId?: string;
    shareId?: string;
    classes?: readonly RecordClass[];
    purpose?: Purpose;
    emergency?: EmergencyClaim;
  },
  nowMs: number,
): Promise<string> {
  const { classes = RECORD_CLASSES, ...rest } = about;
  const wants = classes.map((recordClass): Want => ({ action: 'read', recordClass }));
  const attestation = await attest(ledger, identity, { ...rest, wants }, nowMs);
  const permitId = randomBytes(16).toString('hex');
  const input = { permitId, saltHex: SALT_HEX };
  await ledger.submit('access:OpenChart', { identity, input, attestation, nowMs });
  return permitId;
}

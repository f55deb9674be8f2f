import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  attachSignature,
  type ChunkContent,
  canonicalOrder,
  encodeChunk,
  joinChunks,
  type Reading,
  RecordChunksOutput,
} from '@pulseledger/domain';
import { provideAttesters } from './attesting.ts';
import { type Identity, LedgerDouble } from './ledger-double.ts';

/** A stable id for a person or thing of the story. */
export function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** Start of the story: a UTC hour. */
export const NOON_MS: number = Date.UTC(2026, 10, 22, 12);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const SALT_HEX = 'c3'.repeat(16);

export const HOSPITAL = 'HospitalMSP';
export const CLINIC = 'ClinicMSP';
export const INSURER = 'InsurerMSP';

function person(mspId: string, role: Identity['role'], name: string): Required<Identity> {
  return { mspId, role, subjectId: idOf(name) };
}

/** The people and services of the story. */
export const PEOPLE = {
  administrator: person(HOSPITAL, 'administrator', 'Ada Administrator'),
  clinicAdministrator: person(CLINIC, 'administrator', 'Cleo Administrator'),
  doctor: person(HOSPITAL, 'doctor', 'Dora Doctor'),
  clinicDoctor: person(CLINIC, 'doctor', 'Carl Doctor'),
  nurse: person(HOSPITAL, 'nurse', 'Nils Nurse'),
  patient: person(HOSPITAL, 'patient', 'Gustavo Mejía'),
  medic: person(CLINIC, 'emergency-medic', 'Mira Medic'),
  laboratory: person(HOSPITAL, 'laboratory', 'Lars Laboratory'),
  guardian: person(HOSPITAL, 'representative', 'Greta Guardian'),
  agent: person(INSURER, 'insurance-agent', 'Ines Agent'),
  otherPatient: person(CLINIC, 'patient', 'Weston Fay'),
  ingest: { mspId: HOSPITAL, role: 'ingest' },
  clinicIngest: { mspId: CLINIC, role: 'ingest' },
} as const satisfies Record<string, Identity>;

export const PATIENT_ID: string = idOf('Gustavo Mejía');
export const OTHER_PATIENT_ID: string = idOf('Weston Fay');

/** A wearable with its own key. */
export class Wearable {
  readonly deviceId: string;
  readonly publicKeySpkiBase64: string;
  readonly #privateKey: KeyObject;
  /** As in a device's outbox: what was signed once is sent again byte for byte. */
  readonly #outbox = new Map<string, Uint8Array>();

  constructor(name: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.deviceId = idOf(name);
    this.publicKeySpkiBase64 = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    this.#privateKey = privateKey;
  }

  /** A signed chunk of one heart rate a second. */
  chunk(of: {
    startMs: number;
    count?: number;
    boot?: number;
    firstSequence?: number;
    heartRate?: number;
  }): Uint8Array {
    const { startMs, count = 3, boot = 1, firstSequence = 0, heartRate = 70 } = of;
    const readings = Array.from({ length: count }, (_, i): Reading => {
      const atMs = startMs + i * 1_000;
      return { code: '8867-4', unit: '/min', atMs, value: heartRate + i };
    });
    return this.signed({ boot, firstSequence, readings });
  }

  /** Any readings, signed. */
  signed(of: Pick<ChunkContent, 'boot' | 'firstSequence' | 'readings'>): Uint8Array {
    const { deviceId } = this;
    const name = JSON.stringify(of);
    const kept = this.#outbox.get(name);
    if (kept !== undefined) return kept;
    const salt = createHash('md5').update(name).digest();
    const readings = canonicalOrder(of.readings);
    const body = encodeChunk({ ...of, deviceId, readings, zoneOffsetMinutes: 60, salt });
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const chunk = attachSignature(body, sign('sha256', body, key));
    this.#outbox.set(name, chunk);
    return chunk;
  }
}

const BASICS = { given: ['G.'], birthDate: '1980-02-29', gender: 'unknown' } as const;

/** Register both patients. */
async function registerPatients(ledger: LedgerDouble): Promise<void> {
  for (const [patientId, family, identity] of [
    [PATIENT_ID, 'Mejía', PEOPLE.administrator],
    [OTHER_PATIENT_ID, 'Fay', PEOPLE.clinicAdministrator],
  ] as const) {
    const input = { patientId, basics: { ...BASICS, family }, saltHex: SALT_HEX };
    await ledger.submit('care:RegisterPatient', {
      identity,
      input,
      nowMs: NOON_MS,
    });
  }
}

/** Register a wearable with the hospital. */
export async function registerWearable(ledger: LedgerDouble, wearable: Wearable): Promise<void> {
  const { deviceId, publicKeySpkiBase64 } = wearable;
  const made = { manufacturer: 'Pulse', model: 'One', serial: deviceId.slice(0, 8) };
  const input = { deviceId, publicKeySpkiBase64, ...made, saltHex: SALT_HEX };
  await ledger.submit('device:Register', {
    identity: PEOPLE.administrator,
    input,
    nowMs: NOON_MS,
  });
}

/** Assign a wearable to a patient. */
export async function assignWearable(
  ledger: LedgerDouble,
  wearable: Wearable,
  assignment: { patientId?: string; fromMs: number; untilMs: number | null },
): Promise<void> {
  const input = { deviceId: wearable.deviceId, patientId: PATIENT_ID, ...assignment };
  await ledger.submit('device:Assign', { identity: PEOPLE.administrator, input, nowMs: NOON_MS });
}

/** Let a doctor or nurse treat the patient from noon on. */
export async function setTreating(
  ledger: LedgerDouble,
  practitioner: Identity,
  untilMs: number | null = null,
): Promise<void> {
  const { mspId, subjectId: practitionerId } = practitioner;
  const relation = { patientId: PATIENT_ID, practitionerId, mspId, fromMs: NOON_MS, untilMs };
  await ledger.submit('care:SetTreating', {
    identity: PEOPLE.patient,
    input: { ...relation, saltHex: SALT_HEX },
    nowMs: NOON_MS,
  });
}

/** A ledger on which the wearable is worn by the patient since noon. */
export async function ledgerWith(...wearables: readonly Wearable[]): Promise<LedgerDouble> {
  const ledger = new LedgerDouble();
  await provideAttesters(ledger, NOON_MS);
  await registerPatients(ledger);
  for (const wearable of wearables) {
    await registerWearable(ledger, wearable);
    await assignWearable(ledger, wearable, { fromMs: NOON_MS, untilMs: null });
  }
  return ledger;
}

/** Record chunks as the hospital's ingest service; what became of each: its status or reason. */
export async function record(
  ledger: LedgerDouble,
  chunks: readonly Uint8Array[],
  nowMs: number = NOON_MS + 24 * HOUR_MS,
  received?: readonly number[],
): Promise<string[]> {
  const answer = await ledger.submit('vitals:RecordChunks', {
    identity: PEOPLE.ingest,
    chunks: joinChunks(chunks),
    ...(received === undefined ? {} : { received }),
    nowMs,
  });
  const { results } = RecordChunksOutput.parse(answer);
  return results.map((result) => (result.status === 'refused' ? result.reason : result.status));
}

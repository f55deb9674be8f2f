import {
  ACCESS_KEYS,
  FindInEmergencyInput,
  type FindInEmergencyOutput,
  type FoundPatient,
  foldText,
  hexFromBytes,
  indexValueHash,
  LocatedDocument,
  MAX_FOUND_PATIENTS,
  PatientDocument,
  PulseError,
  RECORD_KEYS,
  WristbandDocument,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';

/** Registrations that one call looks at when the index does not know the name. */
const MAX_SCANNED = 20_000;

type Identifiers = Extract<FindInEmergencyInput, { readonly family: string }>;

async function byWristband(
  { stub, nowMs }: Call<unknown>,
  token: string,
): Promise<readonly FoundPatient[]> {
  const digestHex = hexFromBytes(sha256(Buffer.from(token)));
  const key = ACCESS_KEYS.wristband(digestHex);
  const band = await readDocument(stub, key, WristbandDocument);
  const isLive = band !== undefined && (band.untilMs === null || nowMs < band.untilMs);
  return isLive ? [{ patientId: band.patientId, given: null, gender: null }] : [];
}

async function* indexed(stub: LedgerStub, wanted: Identifiers): AsyncGenerator<PatientDocument> {
  const parts = [wanted.family, wanted.birthDate];
  const valueHash = indexValueHash('patient-name-birthdate', parts, sha256);
  const prefix = { objectType: 'index', attributes: ['patient-name-birthdate', valueHash] };
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { patientId } = parseDocument(value, LocatedDocument);
    const patient = await readDocument(stub, RECORD_KEYS.patient(patientId), PatientDocument);
    if (patient !== undefined) yield patient;
  }
}

async function* registered(stub: LedgerStub): AsyncGenerator<PatientDocument> {
  const prefix = { objectType: 'patient', attributes: [] };
  let scanned = 0;
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    scanned += 1;
    if (scanned > MAX_SCANNED) return;
    yield parseDocument(value, PatientDocument);
  }
}

function isMeant({ basics }: PatientDocument, { family, birthDate }: Identifiers): boolean {
  return basics.birthDate === birthDate && foldText(basics.family) === foldText(family);
}

async function matching(
  patients: AsyncIterable<PatientDocument>,
  wanted: Identifiers,
): Promise<FoundPatient[]> {
  const found: FoundPatient[] = [];
  for await (const patient of patients) {
    if (!isMeant(patient, wanted)) continue;
    const { patientId, basics } = patient;
    found.push({ patientId, given: basics.given, gender: basics.gender });
    if (found.length > MAX_FOUND_PATIENTS) {
      throw new PulseError('too_costly', 'Too many patients have this name and birth date.');
    }
  }
  return found;
}

/** Who the unconscious person is. It shows nothing of the record, only what tells namesakes apart. */
async function find(call: Call<FindInEmergencyInput>): Promise<FindInEmergencyOutput> {
  const { stub, input } = call;
  if ('token' in input) return { patients: await byWristband(call, input.token) };
  const quickly = await matching(indexed(stub, input), input);
  return { patients: quickly.length > 0 ? quickly : await matching(registered(stub), input) };
}

export const FIND: TransactionFunction<FindInEmergencyInput> = {
  name: 'emergency:Find',
  input: inputOf(FindInEmergencyInput),
  run: find,
};

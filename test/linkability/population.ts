/** Patients, doctors and their visits over some days, with the truth about who is who. */
import { CLINICAL_KEYS, RECORD_KEYS, type RecordWrite } from '@pulseledger/domain';
import { randomId } from '../negative/support/ledger-world.ts';
import { ChunkSigner } from '../negative/support/signer-device.ts';
import {
  ConsentWorld,
  grant,
  insurerTerms,
  type PatientWithPasskey,
  type Person,
  visitOf,
} from '../revocation/consent-world.ts';
import { type Asked, correct, type Written } from './corrections.ts';
import { hashOf } from './key-hash.ts';

const PATIENTS = 8;
const DAYS = 4;
const DOCTORS = 4;
/** Patients with wearables. */
const WEARERS = 3;
/** After this day each patient shares the ordinary visits with the insurer. */
const CONSENT_AFTER = 1;

/** A visit: the truth that the linker is not told. */
export interface Visit {
  readonly patientId: string;
  readonly day: number;
  /** Private key hashes of the visit's transactions, in order, as they stand in blocks. */
  readonly keys: readonly string[];
  /** Whether the insurer may see it. */
  readonly isShared: boolean;
  /** Of the encounter. */
  readonly written: Written;
}

/** A patient's request for correction of the record of a visit, and the answer. */
export interface Correction extends Asked {
  readonly visit: Visit;
}

/** The truth about a population. */
export interface Truth {
  readonly visits: readonly Visit[];
  /** One of each patient, about a visit that is not shared. */
  readonly corrections: readonly Correction[];
  readonly patientIds: readonly string[];
  /** Key hashes of the patients' own documents. */
  readonly patientKeys: ReadonlyMap<string, string>;
}

function conditionOf(patientId: string, labels: readonly string[]): RecordWrite {
  const recordId = randomId();
  const subject = { reference: `Patient/${patientId}` };
  const resource = { resourceType: 'Condition', id: recordId, subject, code: { text: 'Flu' } };
  const write = { recordClass: 'condition', recordId, ifVersion: null, resource } as const;
  return { ...write, labels, saltHex: randomId() };
}

/** A visit is an opening and two writes; from the second day on it is sensitive and not shared. */
async function visit(doctor: Person, patientId: string, day: number): Promise<Visit> {
  const isShared = day === 0;
  const labels = isShared ? [] : ['PSY'];
  const encounter = { ...visitOf(patientId, doctor, 'Cough'), labels };
  await doctor.clinical.openChart({ patientId, recordClasses: ['encounter', 'condition'] });
  const writes = [encounter, conditionOf(patientId, labels)];
  for (const write of writes) {
    await doctor.clinical.writeRecords({ patientId, writes: [write] });
  }
  const keys = writes.map(({ recordClass, recordId }) =>
    hashOf(CLINICAL_KEYS.record(patientId, recordClass, recordId)),
  );
  const written = { patientId, author: doctor, recordId: encounter.recordId };
  return { patientId, day, keys, isShared, written };
}

interface Practice {
  readonly doctors: readonly Person[];
  readonly patients: readonly PatientWithPasskey[];
}

/** Every doctor treats every patient, so that who treats whom tells nothing here. */
async function settle(world: ConsentWorld): Promise<Practice> {
  const doctors: Person[] = [];
  for (let number = 0; number < DOCTORS; number += 1) {
    doctors.push(await world.person(number % 2 === 0 ? 'hospital' : 'clinic', 'doctor'));
  }
  const [first, ...others] = doctors;
  if (first === undefined) throw new Error('nobody treats');
  const patients: PatientWithPasskey[] = [];
  for (let number = 0; number < PATIENTS; number += 1) {
    const patient = await world.patient(first);
    for (const doctor of others) {
      await world.ledger.client(patient.signatory).setTreating({
        patientId: patient.subjectId,
        practitionerId: doctor.subjectId,
        mspId: doctor.signatory.mspId,
        fromMs: Date.now() - 1_000,
        untilMs: null,
        saltHex: randomId(),
      });
    }
    patients.push(patient);
  }
  return { doctors, patients };
}

/** One day: each doctor logs in once and sees the patients whose turn it is, one after the other. */
async function oneDay(world: ConsentWorld, practice: Practice, day: number): Promise<Visit[]> {
  const sessions = await Promise.all(practice.doctors.map((doctor) => world.login(doctor)));
  const turns = sessions.map((doctor, number) => ({
    doctor,
    // Another doctor every day, and never all of them at the same organization.
    patients: practice.patients.filter(
      (_, index) => (index + day * (1 + (index % 3))) % DOCTORS === number,
    ),
  }));
  const seen = await Promise.all(
    turns.map(async ({ doctor, patients }) => {
      const visits: Visit[] = [];
      for (const { subjectId } of patients) visits.push(await visit(doctor, subjectId, day));
      return visits;
    }),
  );
  return seen.flat();
}

/** Gives a patient two wearables: both assignments look whether there is such a patient. */
async function wear(world: ConsentWorld, patientId: string): Promise<void> {
  const { signatory } = await world.person('hospital', 'administrator');
  const record = world.ledger.client(signatory);
  for (let number = 0; number < 2; number += 1) {
    const deviceId = randomId();
    await record.registerDevice({
      ...{ deviceId, manufacturer: 'Tick', model: 'W1', serial: `${number}`, saltHex: randomId() },
      publicKeySpkiBase64: new ChunkSigner().publicKeySpkiBase64,
    });
    await record.assignDevice({ deviceId, patientId, fromMs: 0, untilMs: null });
  }
}

/** After the last day every patient finds something wrong in the record of it. */
async function correctAll(
  world: ConsentWorld,
  { patients }: Practice,
  visits: readonly Visit[],
): Promise<Correction[]> {
  const corrections: Correction[] = [];
  for (const visit of visits.filter(({ day }) => day === DAYS - 1)) {
    const patient = patients.find(({ subjectId }) => subjectId === visit.patientId);
    if (patient === undefined) throw new Error('a visit of nobody');
    corrections.push({ visit, ...(await correct(world, patient, visit.written)) });
  }
  return corrections;
}

/** Lets a population live on a network. */
export async function live(world: ConsentWorld): Promise<Truth> {
  const practice = await settle(world);
  const visits: Visit[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    visits.push(...(await oneDay(world, practice, day)));
    if (day !== CONSENT_AFTER) continue;
    for (const patient of practice.patients) {
      await grant(await world.login(patient), insurerTerms(patient.subjectId));
    }
  }
  const corrections = await correctAll(world, practice, visits);
  for (const { subjectId } of practice.patients.slice(0, WEARERS)) await wear(world, subjectId);
  const patientIds = practice.patients.map(({ subjectId }) => subjectId);
  const patientKeys = new Map(patientIds.map((id) => [id, hashOf(RECORD_KEYS.patient(id))]));
  return { visits, corrections, patientIds, patientKeys };
}

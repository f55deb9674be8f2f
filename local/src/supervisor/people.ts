import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Identifier, MomentMs, MSP_IDS, PatientBasics, SaltHex } from '@pulseledger/domain';
import { writePrivate } from '@pulseledger/network/identity';
import { z } from 'zod';
import { Login } from '../identity-services/logins.ts';

/** A person invented for trying the system out. */
export interface Person {
  readonly patientId: string;
  readonly basics: PatientBasics;
  readonly saltHex: string;
  /** The test login, for the two patients who have one. */
  readonly login?: string | undefined;
}

export interface Treating {
  readonly patientId: string;
  readonly practitionerId: string;
  readonly mspId: string;
  readonly fromMs: number;
  readonly saltHex: string;
}

/** Everybody of one installation. Their ids are on its ledger, so this is kept as long as the ledger. */
export interface People {
  readonly logins: readonly Login[];
  readonly patients: readonly Person[];
  readonly treating: readonly Treating[];
}

const person: z.ZodType<Person> = z.object({
  patientId: Identifier,
  basics: PatientBasics,
  saltHex: SaltHex,
  login: z.string().optional(),
});

const treating: z.ZodType<Treating> = z.object({
  patientId: Identifier,
  practitionerId: Identifier,
  mspId: z.string(),
  fromMs: MomentMs,
  saltHex: SaltHex,
});

const people: z.ZodType<People> = z.object({
  logins: z.array(Login),
  patients: z.array(person),
  treating: z.array(treating),
});

const YEAR_MS = 365 * 86_400_000;
const PASSWORD_BYTES = 6;

function randomId(): string {
  return randomBytes(16).toString('hex');
}

function login(user: string, role: Login['role'], organization: Login['organization']): Login {
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  return { user, password, organization, role, subjectId: randomId() };
}

function patient(given: string, family: string, birthDate: string, of?: Login): Person {
  return {
    patientId: of?.subjectId ?? randomId(),
    basics: { family, given: [given], birthDate, gender: 'unknown' },
    saltHex: randomId(),
    ...(of === undefined ? {} : { login: of.user }),
  };
}

/** Two patients with logins: Ada is treated at the hospital only, Ben at hospital and clinic. */
function invent(nowMs: number): People {
  const hospitalDoctor = login('hospital-doctor', 'doctor', 'hospital');
  const clinicDoctor = login('clinic-doctor', 'doctor', 'clinic');
  const nurse = login('hospital-nurse', 'nurse', 'hospital');
  const ada = login('patient-ada', 'patient', 'hospital');
  const ben = login('patient-ben', 'patient', 'clinic');
  const treats = (doctor: Login, who: Login): Treating => ({
    patientId: who.subjectId,
    practitionerId: doctor.subjectId,
    mspId: MSP_IDS[doctor.organization],
    fromMs: nowMs - YEAR_MS,
    saltHex: randomId(),
  });
  return {
    logins: [
      hospitalDoctor,
      clinicDoctor,
      ada,
      ben,
      login('insurance-agent', 'insurance-agent', 'insurer'),
      login('administrator', 'administrator', 'hospital'),
      login('clinic-administrator', 'administrator', 'clinic'),
      nurse,
      login('laboratory', 'laboratory', 'hospital'),
      login('ambulance-medic', 'emergency-medic', 'clinic'),
    ],
    patients: [
      patient('Ada', 'Sample', '1961-03-14', ada),
      patient('Ben', 'Sample', '1987-11-02', ben),
    ],
    treating: [
      ...[treats(hospitalDoctor, ada), treats(hospitalDoctor, ben), treats(clinicDoctor, ben)],
      treats(nurse, ada),
    ],
  };
}

/** Whoever was invented before, and as many more patients as wearers are needed. */
export async function loadPeople(keys: string, wearers: number, nowMs: number): Promise<People> {
  const file = join(keys, 'people.json');
  const before = (await readPeople(file)) ?? invent(nowMs);
  const missing = Math.max(0, wearers - before.patients.length);
  const more = Array.from({ length: missing }, (_, i) =>
    patient('Wearer', `Number ${String(before.patients.length + i + 1)}`, '1990-01-01'),
  );
  const all = { ...before, patients: [...before.patients, ...more] };
  await writePrivate(file, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

async function readPeople(file: string): Promise<People | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed: unknown = JSON.parse(text);
  return people.parse(parsed);
}

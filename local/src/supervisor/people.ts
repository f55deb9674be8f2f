import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Identifier, MomentMs, MSP_IDS, PatientBasics, SaltHex } from '@pulseledger/domain';
import { writePrivate } from '@pulseledger/network/identity';
import { z } from 'zod';
import { Login } from '../identity-services/logins.ts';
import { CAST } from '../story/cast.ts';

/** A person invented for trying the system out. */
export interface Person {
  readonly patientId: string;
  readonly basics: PatientBasics;
  readonly saltHex: string;
  /** The test login, for the patients who have one. */
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

/** Those of the story who are not there yet, and who treats them. */
function withCast(before: People, nowMs: number): People {
  const logins = [...before.logins];
  const patients = [...before.patients];
  const treating = [...before.treating];
  const treat = (patientId: string, user: string): void => {
    const who = logins.find((one) => one.user === user);
    const practitionerId = who?.subjectId ?? '';
    const isKnown = treating.some(
      (one) => one.patientId === patientId && one.practitionerId === practitionerId,
    );
    if (who === undefined || isKnown) return;
    const [mspId, fromMs] = [MSP_IDS[who.organization], nowMs - YEAR_MS];
    treating.push({ patientId, practitionerId, mspId, fromMs, saltHex: randomId() });
  };
  for (const { basics, treatedAt, login: user } of CAST) {
    const { family, given } = basics;
    let person = patients.find(
      (one) => one.basics.family === family && one.basics.given[0] === given[0],
    );
    if (person === undefined) {
      const own = user === undefined ? undefined : login(user, 'patient', treatedAt[0]);
      if (own !== undefined) logins.push(own);
      person = { ...patient(given[0] ?? '', family, basics.birthDate, own), basics };
      patients.push(person);
    }
    for (const facility of treatedAt) treat(person.patientId, `${facility}-doctor`);
    if (treatedAt.includes('hospital')) treat(person.patientId, 'hospital-nurse');
  }
  return { logins, patients, treating };
}

/** Whoever was invented before, those of the story when it is told, and as many more patients as wearers are needed. */
export async function loadPeople(
  keys: string,
  { wearers, hasStory }: { readonly wearers: number; readonly hasStory: boolean },
  nowMs: number,
): Promise<People> {
  const file = join(keys, 'people.json');
  const known = (await readPeople(file)) ?? invent(nowMs);
  const before = hasStory ? withCast(known, nowMs) : known;
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

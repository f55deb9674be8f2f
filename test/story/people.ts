/** The people of the story. Their organizations enter them in the directory; the id that an entry gets is their login's. */
import { randomBytes } from 'node:crypto';
import type { Organization } from '@pulseledger/domain';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import { answered, type Tell } from './tell.ts';

export function login(
  role: Caller['role'],
  organization: Organization,
  subjectId: string = randomBytes(16).toString('hex'),
): Caller {
  const subject = `${role}-${subjectId}@${organization}`;
  return { issuer: 'https://login.pulse.test', subject, organization, role, subjectId };
}

/** What the directory calls them. The clinic's nurse is in no directory. */
export const NAMES = {
  doctor: 'Dr. Ngozi Adeyemi',
  clinicDoctor: 'Dr. Tomás Núñez',
  agent: 'Marta Lindgren',
  medic: 'Iris Kowalski',
  nightMedic: 'Jonas Weber',
} as const;

/** Everybody but the patient. */
export interface People {
  readonly administrator: Caller;
  readonly clinicAdministrator: Caller;
  readonly doctor: Caller;
  readonly clinicDoctor: Caller;
  readonly clinicNurse: Caller;
  readonly agent: Caller;
  readonly medic: Caller;
  readonly nightMedic: Caller;
}

export async function gather(tell: Tell): Promise<People> {
  const administrators = {
    hospital: login('administrator', 'hospital'),
    clinic: login('administrator', 'clinic'),
    insurer: login('administrator', 'insurer'),
  };
  const enter = async (
    name: keyof typeof NAMES,
    role: Caller['role'],
    organization: Organization,
  ): Promise<Caller> => {
    const resource = { resourceType: 'Practitioner', name: [{ text: NAMES[name] }] };
    const entry = await tell.post(administrators[organization], 'Practitioner', resource);
    return login(role, organization, answered(entry, 201).resource.id);
  };
  return {
    administrator: administrators.hospital,
    clinicAdministrator: administrators.clinic,
    doctor: await enter('doctor', 'doctor', 'hospital'),
    clinicDoctor: await enter('clinicDoctor', 'doctor', 'clinic'),
    clinicNurse: login('nurse', 'clinic'),
    agent: await enter('agent', 'insurance-agent', 'insurer'),
    medic: await enter('medic', 'emergency-medic', 'clinic'),
    nightMedic: await enter('nightMedic', 'emergency-medic', 'clinic'),
  };
}

import type { ConnectionProfile, Organization } from '@pulseledger/domain';
import { connectGateway, RecordClient, type UserClaims } from '@pulseledger/ledger';
import { personFromKeys } from './key-identity.ts';
import type { People, Person } from './people.ts';

const PARALLEL = 32;

/** Writes patients and treating relations to the ledger; those that are there already stay as they are. */
export async function seed(
  keys: string,
  profile: ConnectionProfile,
  people: People,
): Promise<void> {
  const connection = connectGateway(profile, 'hospital');
  const recordOf = async (claims: UserClaims): Promise<RecordClient> =>
    new RecordClient({ connection, signatories: await personFromKeys(keys, claims) });
  try {
    const administrator = await recordOf(administratorOf(people));
    await inParallel(people.patients, async (patient) => {
      const { patientId, basics, saltHex } = patient;
      await administrator.registerPatient({ patientId, basics, saltHex });
    });
    await inParallel(people.treating, async (treating) => {
      // The patient says who treats them; an administrator could for the own organization only.
      const patient = await recordOf(patientClaims(people, treating.patientId));
      await patient.setTreating({ ...treating, untilMs: null });
    });
  } finally {
    connection.close();
  }
}

function administratorOf(people: People): UserClaims {
  const login = people.logins.find(({ role }) => role === 'administrator');
  if (login === undefined) throw new Error('There is no administrator among the test logins.');
  return { organization: login.organization, role: 'administrator', subjectId: login.subjectId };
}

/** How a patient acts: by their login's organization, else by the hospital. */
export function patientClaims(people: People, patientId: string): UserClaims {
  const login = people.logins.find(({ subjectId }) => subjectId === patientId);
  const organization: Organization = login?.organization ?? 'hospital';
  return { organization, role: 'patient', subjectId: patientId };
}

/** Runs the work for all items, so many at once. */
export async function inParallel<Item = Person>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

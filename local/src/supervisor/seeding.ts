import { randomBytes } from 'node:crypto';
import { type ConnectionProfile, MSP_IDS, type Organization } from '@pulseledger/domain';
import {
  AccessClient,
  ClinicalClient,
  ConsentClient,
  connectGateway,
  DirectoryClient,
  provideAttesters,
  RecordClient,
  type UserClaims,
} from '@pulseledger/ledger';
import { personFromKeys } from './key-identity.ts';
import { noteGroup } from './note-group.ts';
import type { People } from './people.ts';
import { enterStaff } from './staff.ts';

const AT_ONCE = 32;
const SECRET_BYTES = 32;
const SALT_BYTES = 16;
const PROVIDERS = ['hospital', 'clinic'] as const;

/** Who lives here, and the page on which they use their passkeys. */
export interface Story {
  readonly people: People;
  readonly pageUrl: string;
}

/** Writes patients, who treats them and the staff's names to the ledger; those that are there already stay as they are. */
export async function seed(
  keys: string,
  profile: ConnectionProfile,
  { people, pageUrl }: Story,
): Promise<void> {
  // Each person at the peer of the own organization: a key that is made there is seen by no other.
  const connections = {
    hospital: connectGateway(profile, 'hospital'),
    clinic: connectGateway(profile, 'clinic'),
  };
  const recordOf = async (claims: UserClaims): Promise<RecordClient> =>
    new RecordClient({
      connection: connections[claims.organization === 'clinic' ? 'clinic' : 'hospital'],
      signatories: await personFromKeys(keys, claims),
    });
  try {
    const administrators = {
      hospital: await recordOf(administratorOf(people, 'hospital')),
      clinic: await recordOf(administratorOf(people, 'clinic')),
    };
    // Before anything else: without them nobody opens a chart. The keys are made at the first start.
    await provideAttesters(
      PROVIDERS.map((organization) => ({
        mspId: MSP_IDS[organization],
        access: new AccessClient(administrators[organization].calls),
      })),
      Date.now(),
    );
    const { hostname, origin } = new URL(pageUrl);
    // Both have to say so: a page that only one of them lists does not count.
    await Promise.all(
      Object.values(administrators).map(({ calls }) =>
        new ConsentClient(calls).setRelyingParty({ id: hostname, origins: [origin] }),
      ),
    );
    // Set once; from then on it stays as it is.
    await new ClinicalClient(administrators.hospital.calls).setIndexSecret({
      secretHex: randomBytes(SECRET_BYTES).toString('hex'),
      saltHex: randomBytes(SALT_BYTES).toString('hex'),
    });
    for (const organization of PROVIDERS) {
      // Its doctors write psychotherapy notes together.
      const { groupId, keyId, publicKey } = await noteGroup(keys, organization);
      const add = people.logins
        .filter((login) => login.role === 'doctor' && login.organization === organization)
        .map(({ subjectId }) => subjectId);
      const group = { groupId, keyId, publicKey, add, remove: [] };
      const saltHex = randomBytes(SALT_BYTES).toString('hex');
      const { calls } = administrators[organization];
      await new ClinicalClient(calls).setAuthorGroup({ ...group, saltHex });
    }
    await Promise.all([
      ...PROVIDERS.map((organization) =>
        enterStaff(new DirectoryClient(administrators[organization].calls), organization, people),
      ),
      inParallel(people.patients, AT_ONCE, async (patient) => {
        const { patientId, basics, saltHex } = patient;
        const { organization } = patientClaims(people, patientId);
        const administrator = administrators[organization === 'clinic' ? 'clinic' : 'hospital'];
        await administrator.registerPatient({ patientId, basics, saltHex });
      }),
    ]);
    await inParallel(people.treating, AT_ONCE, async (treating) => {
      // The patient says who treats them; an administrator could for the own organization only.
      const patient = await recordOf(patientClaims(people, treating.patientId));
      await patient.setTreating({ ...treating, untilMs: null });
    });
  } finally {
    for (const connection of Object.values(connections)) connection.close();
  }
}

/** Each provider has an administrator of its own; setting up, one person stands for both. */
function administratorOf(people: People, organization: Organization): UserClaims {
  const login = people.logins.find(({ role }) => role === 'administrator');
  if (login === undefined) throw new Error('There is no administrator among the test logins.');
  return { organization, role: 'administrator', subjectId: login.subjectId };
}

/** How a patient acts: by their login's organization, else by the hospital. */
export function patientClaims(people: People, patientId: string): UserClaims {
  const login = people.logins.find(({ subjectId }) => subjectId === patientId);
  const organization: Organization = login?.organization ?? 'hospital';
  return { organization, role: 'patient', subjectId: patientId };
}

/** Runs the work for all items, so many at once. */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

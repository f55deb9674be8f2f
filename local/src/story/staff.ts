import { randomBytes } from 'node:crypto';
import { type ConnectionProfile, PulseError } from '@pulseledger/domain';
import { connectGateway, DirectoryClient, RecordClient } from '@pulseledger/ledger';
import { personFromKeys } from '../supervisor/key-identity.ts';
import type { People } from '../supervisor/people.ts';

const SALT_BYTES = 16;

/** What the directory calls those who treat, so that a patient reads a name and not a role alone. */
const NAMES: Readonly<Record<string, string>> = {
  'hospital-doctor': 'Dr Hanna Weiss',
  'clinic-doctor': 'Dr Luca Ferri',
  'hospital-nurse': 'Noor de Vries',
  'ambulance-medic': 'Kai Johansen',
};

/** Enters doctors, nurse and medic into the directory, each by an administrator of their own organization. */
export async function nameStaff(
  keys: string,
  profile: ConnectionProfile,
  { logins }: People,
): Promise<void> {
  for (const organization of ['hospital', 'clinic'] as const) {
    const administrator = logins.find(
      (one) => one.role === 'administrator' && one.organization === organization,
    );
    if (administrator === undefined) continue;
    const { subjectId } = administrator;
    const connection = connectGateway(profile, organization);
    try {
      const claims = { organization, role: 'administrator', subjectId } as const;
      const signatories = await personFromKeys(keys, claims);
      const directory = new DirectoryClient(new RecordClient({ connection, signatories }).calls);
      for (const { user, subjectId: id } of logins.filter(
        (one) => one.organization === organization && NAMES[one.user] !== undefined,
      )) {
        const saltHex = randomBytes(SALT_BYTES).toString('hex');
        const resource = { resourceType: 'Practitioner', name: [{ text: NAMES[user] }] };
        const entry = { kind: 'Practitioner', id, ifVersion: null, resource, saltHex } as const;
        await directory.write({ writes: [entry] }).catch(unlessThere);
      }
    } finally {
      connection.close();
    }
  }
}

/** A start that was interrupted has entered some already. */
function unlessThere(error: unknown): void {
  if (error instanceof PulseError && error.code === 'conflict') return;
  throw error;
}

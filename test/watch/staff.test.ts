/** The names that a start enters into the directory, over the Gateway of a real network. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DirectoryClient } from '@pulseledger/ledger';
import type { Login } from '../../local/src/identity-services/logins.ts';
import { enterStaff } from '../../local/src/supervisor/staff.ts';
import { LedgerWorld, randomId } from '../negative/support/ledger-world.ts';

const LIMIT_MS = 300_000;

function login(user: string, organization: Login['organization']): Login {
  return { user, password: 'not used here', organization, role: 'doctor', subjectId: randomId() };
}

describe('the staff that a start enters into the directory', () => {
  let world: LedgerWorld;
  beforeAll(async () => {
    world = await LedgerWorld.start('devnet');
  }, LIMIT_MS);
  afterAll(async () => {
    await world.stop();
  }, LIMIT_MS);

  async function directoryOf(organization: 'hospital' | 'clinic'): Promise<DirectoryClient> {
    const administrator = await world.person({ organization, role: 'administrator' });
    return new DirectoryClient(world.client(administrator, organization).calls);
  }

  it('is found by name at the other provider, and a second start changes nothing', async () => {
    const logins = [
      login('hospital-doctor', 'hospital'),
      login('clinic-doctor', 'clinic'),
    ] as const;
    const hospital = await directoryOf('hospital');
    const clinic = await directoryOf('clinic');
    for (let start = 1; start <= 2; start += 1) {
      await enterStaff(hospital, 'hospital', { logins });
      await enterStaff(clinic, 'clinic', { logins });
    }
    const found = await clinic.search({
      ...{ kind: 'PractitionerRole', name: 'weiss', place: 'sample', pageSize: 5, current: true },
    });
    expect(found.entries).toMatchObject([{ custodian: 'HospitalMSP', version: 1 }]);
    const entries = logins.map(({ subjectId: id }) => ({ kind: 'Practitioner' as const, id }));
    const read = await hospital.read({ entries });
    expect(read.entries.map(({ custodian, version }) => [custodian, version])).toEqual([
      ['HospitalMSP', 1],
      ['ClinicMSP', 1],
    ]);
  }, 300_000);
});

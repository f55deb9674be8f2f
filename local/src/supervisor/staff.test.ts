import { describe, expect, it } from '@jest/globals';
import { directoryFacts, WriteDirectoryInput } from '@pulseledger/domain';
import type { Login } from '../identity-services/logins.ts';
import { staffEntries } from './staff.ts';

function login(user: string, organization: Login['organization'], digit: string): Login {
  const subjectId = digit.repeat(32);
  return { user, password: 'not used here', organization, role: 'doctor', subjectId };
}

const LOGINS = [
  login('hospital-doctor', 'hospital', 'a'),
  login('hospital-nurse', 'hospital', 'b'),
  login('clinic-doctor', 'clinic', 'c'),
  login('somebody-else', 'clinic', 'd'),
] as const;

describe('the staff of a provider in the directory', () => {
  it('are its own test logins, by name, and nobody else', () => {
    const people = staffEntries('hospital', LOGINS).filter(({ kind }) => kind === 'Practitioner');
    expect(people.map(({ id, resource }) => [id, directoryFacts(resource).names])).toEqual([
      ['a'.repeat(32), ['Dr Hanna Weiss']],
      ['b'.repeat(32), ['Noor de Vries']],
    ]);
  });

  it('a doctor has a post at the provider, and is found by specialty', () => {
    const entries = staffEntries('clinic', LOGINS);
    const [organization] = entries.filter(({ kind }) => kind === 'Organization');
    const posts = entries.filter(({ kind }) => kind === 'PractitionerRole');
    expect(posts.map(({ resource }) => directoryFacts(resource))).toMatchObject([
      {
        practitionerId: 'c'.repeat(32),
        organizationId: organization?.id,
        specialties: ['208D00000X'],
      },
    ]);
  });

  it('are the same entries at every start, and a transaction takes them', () => {
    const entries = staffEntries('hospital', LOGINS);
    expect(staffEntries('hospital', LOGINS)).toEqual(entries);
    const saltHex = '0'.repeat(32);
    const writes = entries.map((one) => ({ ...one, ifVersion: null, saltHex }));
    expect(WriteDirectoryInput.parse({ writes }).writes).toHaveLength(entries.length);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  });

  it('are none where no test login works', () => {
    expect(staffEntries('clinic', LOGINS.slice(0, 2))).toEqual([]);
  });
});

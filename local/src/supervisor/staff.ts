import { createHash, randomBytes } from 'node:crypto';
import { type DirectoryWrite, type FhirResource, PulseError } from '@pulseledger/domain';
import type { DirectoryClient } from '@pulseledger/ledger';
import type { Login } from '../identity-services/logins.ts';
import type { People } from './people.ts';

const SALT_BYTES = 16;
const ID_DIGITS = 32;
const NUCC = 'http://nucc.org/provider-taxonomy';
const LANGUAGES = 'urn:ietf:bcp:47';

type Provider = 'hospital' | 'clinic';
type Entry = Omit<DirectoryWrite, 'ifVersion' | 'saltHex'>;

/** Where they work, as people look for it. */
const PLACES: Readonly<Record<Provider, { readonly name: string; readonly city: string }>> = {
  hospital: { name: 'Lakeside Hospital', city: 'Sampleton' },
  clinic: { name: 'Old Town Clinic', city: 'Sampleton' },
};

/** How the directory calls somebody; with a post it is found by whoever looks for a doctor. */
interface StaffMember {
  readonly name: string;
  readonly post?: {
    readonly title: string;
    readonly specialty: readonly [code: string, display: string];
    readonly languages: readonly string[];
    readonly since: string;
  };
}

/** Those who treat, by their test logins, so that a patient reads a name and not a role alone. */
const STAFF: Readonly<Record<string, StaffMember>> = {
  'hospital-doctor': {
    name: 'Dr Hanna Weiss',
    post: {
      title: 'Internist',
      specialty: ['207R00000X', 'Internal medicine'],
      languages: ['en', 'de'],
      since: '2016-04-01',
    },
  },
  'clinic-doctor': {
    name: 'Dr Luca Ferri',
    post: {
      title: 'General practitioner',
      specialty: ['208D00000X', 'General practice'],
      languages: ['en', 'it'],
      since: '2019-09-01',
    },
  },
  'hospital-nurse': { name: 'Noor de Vries' },
  laboratory: { name: 'Sofie Brandt' },
  'ambulance-medic': { name: 'Kai Johansen' },
};

/**
 * What the directory says of a provider and its staff. Ids are the same whenever it is asked: a person's is that of their
 * login, the others' are made of one.
 */
export function staffEntries(organization: Provider, logins: readonly Login[]): Entry[] {
  const own = logins.filter((one) => one.organization === organization);
  const named = own.flatMap(({ user, subjectId }) => {
    const member = STAFF[user];
    return member === undefined ? [] : [{ ...member, subjectId }];
  });
  const [first] = named;
  if (first === undefined) return [];
  const organizationId = idFrom('organization', first.subjectId);
  const { name, city } = PLACES[organization];
  return [
    entry(organizationId, { resourceType: 'Organization', name, address: [{ city }] }),
    ...named.map(({ subjectId, name: text, post }) =>
      entry(subjectId, {
        resourceType: 'Practitioner',
        name: [{ text }],
        ...(post === undefined ? {} : { communication: post.languages.map(language) }),
      }),
    ),
    ...named.flatMap(({ subjectId, post }) =>
      post === undefined
        ? []
        : [
            entry(idFrom('post', subjectId), {
              resourceType: 'PractitionerRole',
              practitioner: { reference: `Practitioner/${subjectId}` },
              organization: { reference: `Organization/${organizationId}` },
              code: [{ text: post.title }],
              specialty: [concept(NUCC, ...post.specialty)],
              period: { start: post.since },
            }),
          ],
    ),
  ];
}

/** Enters what is missing of a provider's staff, in one transaction; later starts read only. */
export async function enterStaff(
  directory: DirectoryClient,
  organization: Provider,
  { logins }: Pick<People, 'logins'>,
): Promise<void> {
  const wanted = staffEntries(organization, logins);
  if (wanted.length === 0) return;
  const { entries } = await directory.read({
    entries: wanted.map(({ kind, id }) => ({ kind, id })),
  });
  const known = new Set(entries.map(({ id }) => id));
  const writes = wanted
    .filter(({ id }) => !known.has(id))
    .map((one) => ({ ...one, ifVersion: null, saltHex: randomSalt() }));
  if (writes.length > 0) await directory.write({ writes }).catch(unlessThere);
}

/** A peer that is behind did not know yet what an earlier start had entered. */
function unlessThere(error: unknown): void {
  if (error instanceof PulseError && error.code === 'conflict') return;
  throw error;
}

function entry(id: string, resource: FhirResource & { resourceType: Entry['kind'] }): Entry {
  return { kind: resource.resourceType, id, resource };
}

function concept(system: string, code: string, display: string): object {
  return { coding: [{ system, code, display }], text: display };
}

function language(code: string): object {
  return { coding: [{ system: LANGUAGES, code }] };
}

function idFrom(what: string, subjectId: string): string {
  return createHash('sha256').update(`${what}/${subjectId}`).digest('hex').slice(0, ID_DIGITS);
}

function randomSalt(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

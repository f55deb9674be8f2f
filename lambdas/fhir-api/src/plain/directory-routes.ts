/** The doctors' directory for people, without login: plain JSON, failures as problem documents (RFC 9457). */
import {
  DirectoryAnswer,
  type DirectoryEntry,
  type DirectoryFacts,
  type DirectoryHit,
  type DirectoryKind,
  type DirectoryPost,
  directoryFacts,
  MAX_DIRECTORY_PAGE,
  ProfileAnswer,
  type ProfileQualification,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { PublicCall } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import type { PeopleDirectory } from '../record/people-directory.ts';
import { nothingToSee } from '../record/port.ts';
import { personName, phonesOf, postOf, qualificationTexts } from '../views/directory-post.ts';
import { identifierIn, parsed } from './plain-input.ts';

const PAGE = 20;
const Words = z.string().trim().min(1).max(100).optional();

const Query = z
  .strictObject({
    name: Words,
    place: Words,
    /** NUCC code. */
    specialty: Words,
    /** BCP 47. */
    language: z
      .string()
      .regex(/^[A-Za-z0-9-]{2,35}$/)
      .optional(),
    accepting: z.literal('true').optional(),
    bookmark: z.string().min(1).max(500).optional(),
  })
  .refine(
    ({ name, place, specialty, language }) => Boolean(name ?? place ?? specialty ?? language),
    {
      message: 'name something to look for',
      path: ['name'],
    },
  );

export const DIRECTORY_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'directory', format: 'plain', access: 'public' },
    summary: 'Who works where: by name, specialty, place, language, accepting patients',
    query: Query,
    answer: DirectoryAnswer,
    handle: search,
  },
  {
    ...{ method: 'GET', path: 'directory/:practitioner', format: 'plain', access: 'public' },
    summary: 'Somebody’s career, and which qualifications were checked by whom',
    answer: ProfileAnswer,
    handle: profile,
  },
];

async function search({ request, people, now }: PublicCall): Promise<Reply> {
  const { accepting, ...asked } = parsed(Query, Object.fromEntries(request.query));
  const found = await people.search({
    ...{ kind: 'PractitionerRole', current: true, pageSize: PAGE },
    ...asked,
    ...(accepting === undefined ? {} : { acceptsPatients: true }),
  });
  const known = await around(people, found.entries);
  const hits = found.entries.flatMap((role): DirectoryHit[] => {
    const facts = directoryFacts(role.resource);
    const person = known.get(`Practitioner/${facts.practitionerId ?? ''}`);
    if (person === undefined) return [];
    return [
      {
        practitionerId: person.id,
        name: personName(person),
        languages: directoryFacts(person.resource).languages,
        post: postIn(known, role, facts, now()),
      },
    ];
  });
  const answer: DirectoryAnswer = { hits, bookmark: found.bookmark };
  return ok(answer);
}

async function profile({ path, people, now }: PublicCall): Promise<Reply> {
  const practitionerId = identifierIn(path['practitioner']);
  const entries = [{ kind: 'Practitioner' as const, id: practitionerId }];
  const [person] = (await people.read({ entries })).entries;
  if (person === undefined) throw nothingToSee();
  const query = { kind: 'PractitionerRole', practitionerId, pageSize: MAX_DIRECTORY_PAGE } as const;
  const { entries: roles } = await people.search(query);
  const known = await around(people, roles);
  const posts = roles.map((role) => postIn(known, role, directoryFacts(role.resource), now()));
  const answer: ProfileAnswer = {
    practitionerId,
    name: personName(person),
    languages: directoryFacts(person.resource).languages,
    phones: phonesOf(person),
    posts: posts.sort(currentFirst),
    qualifications: qualificationsOf(person),
    npis: person.npis,
    disputed: person.disputes.filter(({ status }) => status === 'open').map(({ field }) => field),
    custodian: person.custodian,
    updatedAtMs: person.updatedAtMs,
  };
  return ok(answer);
}

type Known = ReadonlyMap<string, DirectoryEntry>;

/** Everything that these roles name, each read once. */
async function around(people: PeopleDirectory, roles: readonly DirectoryEntry[]): Promise<Known> {
  const named = new Map<string, { kind: DirectoryKind; id: string }>();
  const name = (kind: DirectoryKind, id: string | undefined): void => {
    if (id !== undefined) named.set(`${kind}/${id}`, { kind, id });
  };
  for (const { resource } of roles) {
    const { practitionerId, organizationId, locationIds } = directoryFacts(resource);
    name('Practitioner', practitionerId);
    name('Organization', organizationId);
    for (const id of locationIds) name('Location', id);
  }
  const wanted = [...named.values()];
  const pages: Promise<{ readonly entries: readonly DirectoryEntry[] }>[] = [];
  for (let at = 0; at < wanted.length; at += MAX_DIRECTORY_PAGE) {
    pages.push(people.read({ entries: wanted.slice(at, at + MAX_DIRECTORY_PAGE) }));
  }
  const read = (await Promise.all(pages)).flatMap(({ entries }) => entries);
  return new Map(read.map((entry) => [`${entry.kind}/${entry.id}`, entry]));
}

function postIn(
  known: Known,
  role: DirectoryEntry,
  { organizationId, locationIds }: DirectoryFacts,
  nowMs: number,
): DirectoryPost {
  const organization = known.get(`Organization/${organizationId ?? ''}`);
  const locations = locationIds.flatMap((id) => known.get(`Location/${id}`) ?? []);
  return postOf(role, { organization, locations }, nowMs);
}

/** What is under way before what has ended, the later before the earlier. */
function currentFirst(a: DirectoryPost, b: DirectoryPost): number {
  return Number(b.isCurrent) - Number(a.isCurrent) || (b.start ?? '').localeCompare(a.start ?? '');
}

function qualificationsOf(person: DirectoryEntry): ProfileQualification[] {
  const texts = qualificationTexts(person);
  const { qualifications } = directoryFacts(person.resource);
  return qualifications.flatMap(({ key, period }, index): ProfileQualification[] => {
    const checked = person.qualifications.find(({ qualification }) => qualification === key);
    if (checked === undefined) return [];
    const { status, dueMs, attestations } = checked;
    return [
      {
        ...{ key, status, dueMs, text: texts[index] ?? key },
        start: period.start ?? null,
        end: period.end ?? null,
        attestations: attestations.map(({ mspId, source, outcome, atMs }) => ({
          ...{ mspId, source, outcome, atMs },
        })),
      },
    ];
  });
}

import { z } from 'zod';
import type { FhirResource } from '../clinical/resource.ts';

/** FHIR types that the directory holds. */
export const DIRECTORY_KINDS = [
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
] as const;
export type DirectoryKind = (typeof DIRECTORY_KINDS)[number];

const Text = z.string().max(2_000);
/** What does not have FHIR's form is kept as it is given, but cannot be found by it. */
function lenient<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return schema.optional().catch(undefined);
}
function list<T>(schema: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z
    .array(z.unknown())
    .catch([])
    .transform((all) =>
      all.flatMap((one) => {
        const parsed = schema.safeParse(one);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

const Coding = z.object({ system: lenient(Text), code: lenient(Text) });
const Concept = z.object({ coding: list(Coding), text: lenient(Text) });
const Identifier = z.object({ system: lenient(Text), value: Text });
const HumanName = z.object({ family: lenient(Text), given: list(Text), text: lenient(Text) });
const Address = z.object({
  city: lenient(Text),
  district: lenient(Text),
  state: lenient(Text),
  postalCode: lenient(Text),
  country: lenient(Text),
});
const Period = z.object({ start: lenient(Text), end: lenient(Text) });
const Reference = z.object({ reference: lenient(Text) });
const Qualification = z.object({ code: lenient(Concept), period: lenient(Period) });
const Extension = z.object({
  url: Text,
  valueCodeableConcept: lenient(Concept),
  extension: list(z.object({ url: Text, valueCodeableConcept: lenient(Concept) })),
});

type Concept = z.infer<typeof Concept>;
type Address = z.infer<typeof Address>;

/** Members of all four types that the directory looks at. */
const Members = z.object({
  active: lenient(z.boolean()),
  identifier: list(Identifier),
  gender: lenient(Text),
  name: z
    .union([Text, list(HumanName)])
    .optional()
    .catch(undefined),
  alias: list(Text),
  address: z
    .union([Address, list(Address)])
    .optional()
    .catch(undefined),
  communication: list(z.union([z.object({ language: Concept }), Concept])),
  qualification: list(Qualification),
  practitioner: lenient(Reference),
  organization: lenient(Reference),
  managingOrganization: lenient(Reference),
  location: list(Reference),
  specialty: list(Concept),
  period: lenient(Period),
  extension: list(Extension),
});

/** Period of FHIR dates; without an end it lasts. */
export interface DirectoryPeriod {
  readonly start?: string | undefined;
  readonly end?: string | undefined;
}

/** A qualification with the name it is attested under. */
export interface QualificationFacts {
  /** `system|code` of its first code, or its text. */
  readonly key: string;
  readonly period: DirectoryPeriod;
}

/** What the directory knows of an entry beside its resource. */
export interface DirectoryFacts {
  readonly isActive: boolean;
  readonly identifiers: readonly { readonly system: string; readonly value: string }[];
  readonly gender: string | undefined;
  readonly names: readonly string[];
  readonly places: readonly string[];
  /** BCP 47, lower case. */
  readonly languages: readonly string[];
  readonly qualifications: readonly QualificationFacts[];
  readonly practitionerId: string | undefined;
  readonly organizationId: string | undefined;
  readonly locationIds: readonly string[];
  /** Codes, mostly of NUCC. */
  readonly specialties: readonly string[];
  readonly period: DirectoryPeriod;
  /** Undefined = not said. */
  readonly acceptsPatients: boolean | undefined;
}

/**
 * The entry's id that a reference names: 32 hex digits, from `Type/id`, or from a UUID as imported Bundles have it.
 */
export function referencedId(
  reference: string | undefined,
  kind: DirectoryKind,
): string | undefined {
  const text = reference?.replace(/^urn:uuid:/, '').replace(new RegExp(`^(.*/)?${kind}/`), '');
  const id = text?.replaceAll('-', '').toLowerCase();
  return id !== undefined && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}

function codesOf(concepts: readonly Concept[]): string[] {
  return concepts.flatMap(({ coding }) => coding.flatMap(({ code }) => code ?? []));
}

/** Name of a qualification by its code. */
function qualificationKey(concept: Concept | undefined): string | undefined {
  const [coding] = concept?.coding ?? [];
  if (coding?.code !== undefined) return `${coding.system ?? ''}|${coding.code}`;
  return concept?.text;
}

/** Plan-Net: https://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition-newpatients.html */
const NEW_PATIENTS = 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/newpatients';

function acceptsPatients(extensions: readonly z.infer<typeof Extension>[]): boolean | undefined {
  const codes = extensions
    .filter(({ url }) => url === NEW_PATIENTS)
    .flatMap(({ extension }) => extension)
    .filter(({ url }) => url === 'acceptingPatients')
    .flatMap(({ valueCodeableConcept: concept }) =>
      concept === undefined ? [] : codesOf([concept]),
    );
  return codes.length === 0 ? undefined : codes.includes('newpt');
}

function namesOf({ name, alias }: z.infer<typeof Members>): string[] {
  const names =
    typeof name === 'string'
      ? [name]
      : (name ?? []).flatMap(({ family, given, text }) => [family ?? '', ...given, text ?? '']);
  return [...names, ...alias].filter((one) => one !== '');
}

function placesOf({ address }: z.infer<typeof Members>): string[] {
  const all: readonly Address[] =
    address === undefined ? [] : Array.isArray(address) ? address : [address as Address];
  return all.flatMap(({ city, district, state, postalCode, country }) =>
    [city, district, state, postalCode, country].flatMap((part) => part ?? []),
  );
}

/** What an entry can be found by, and the rest that its rules look at. */
export function directoryFacts(resource: FhirResource): DirectoryFacts {
  const members = Members.parse(resource);
  const { organization, managingOrganization, practitioner, location } = members;
  return {
    isActive: members.active !== false,
    identifiers: members.identifier.map(({ system, value }) => ({ system: system ?? '', value })),
    gender: members.gender,
    names: namesOf(members),
    places: placesOf(members),
    languages: codesOf(
      members.communication.map((one) => ('language' in one ? one.language : one)),
    ).map((code) => code.toLowerCase()),
    qualifications: members.qualification.flatMap(({ code, period }) => {
      const key = qualificationKey(code);
      return key === undefined ? [] : [{ key, period: period ?? {} }];
    }),
    practitionerId: referencedId(practitioner?.reference, 'Practitioner'),
    organizationId: referencedId((organization ?? managingOrganization)?.reference, 'Organization'),
    locationIds: location.flatMap(({ reference }) => referencedId(reference, 'Location') ?? []),
    specialties: codesOf(members.specialty),
    period: members.period ?? {},
    acceptsPatients: acceptsPatients(members.extension),
  };
}

const MS_PER_DAY = 86_400_000;

/** First or last moment of a FHIR date or dateTime; undefined when it is none. */
function momentOf(date: string, isEnd: boolean): number | undefined {
  const parts = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(date);
  if (parts === null) {
    const atMs = Date.parse(date);
    return Number.isNaN(atMs) ? undefined : atMs;
  }
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 1), Number(parts[3] ?? 1)];
  if (!isEnd) return Date.UTC(year, month - 1, day);
  if (parts[3] !== undefined) return Date.UTC(year, month - 1, day) + MS_PER_DAY;
  return parts[2] === undefined ? Date.UTC(year + 1, 0, 1) : Date.UTC(year, month, 1);
}

/** Is a period under way? A part that is no date does not bound it. */
export function isCurrent({ start, end }: DirectoryPeriod, atMs: number): boolean {
  const fromMs = start === undefined ? undefined : momentOf(start, false);
  const untilMs = end === undefined ? undefined : momentOf(end, true);
  return (fromMs === undefined || fromMs <= atMs) && (untilMs === undefined || atMs < untilMs);
}

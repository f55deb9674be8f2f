/**
 * Imports a Bundle of any type through the API: an outcome for each entry. Sent again, it finds what was stored
 * before and goes on, since every part has a key that is made of the file itself.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@pulseledger/domain';
import { z } from 'zod';
import { withNames } from '../bundles/references.ts';
import { FhirJson } from '../definitions/fhir-json.ts';
import type { Remark } from './check-entry.ts';
import { entriesOf, type ImportEntry, partsOf, referencesIn } from './plan-import.ts';

export interface ImportRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ImportOptions {
  /** Strict: a file with anything to say about it is not imported at all. */
  readonly mode: 'strict' | 'lenient';
  /** POST below the FHIR base, with a login. */
  readonly post: (
    request: ImportRequest,
  ) => Promise<{ readonly status: number; readonly text: string }>;
}

/** What became of one entry. */
export interface EntryOutcome {
  readonly index: number;
  readonly resourceType: string;
  readonly status: 'stored' | 'known' | 'refused' | 'not-sent';
  /** `Type/id` of what was stored. */
  readonly place?: string | undefined;
  readonly remarks: readonly Remark[];
}

const Source = z.object({
  resourceType: z.literal('Bundle'),
  entry: z
    .array(z.object({ fullUrl: z.string().optional(), resource: FhirJson.optional() }))
    .default([]),
});

/** @throws Error when the file is no Bundle */
export async function importBundle(
  bundle: unknown,
  options: ImportOptions,
): Promise<EntryOutcome[]> {
  const parsed = Source.safeParse(bundle);
  if (!parsed.success) throw new Error('the file is no FHIR Bundle');
  const entries = entriesOf(parsed.data.entry);
  if (options.mode === 'strict' && entries.some(({ remarks }) => remarks.length > 0)) {
    return entries.map((entry) =>
      outcome(entry, entry.remarks.length > 0 ? 'refused' : 'not-sent'),
    );
  }
  const key = createHash('sha256').update(canonicalJson(parsed.data)).digest('hex').slice(0, 40);
  const places = new Map<string, string>();
  const outcomes = new Map<number, EntryOutcome>();
  for (const [number, part] of partsOf(entries).entries()) {
    for (const done of await sendPart(part, `${key}:${number}`, places, options)) {
      outcomes.set(done.index, done);
    }
    for (const { index, names } of part) {
      const place = outcomes.get(index)?.place;
      if (place !== undefined) for (const name of names) places.set(name, place);
    }
  }
  return entries.map((entry) => outcomes.get(entry.index) ?? outcome(entry, 'refused'));
}

function outcome(
  { index, resource, remarks }: ImportEntry,
  status: EntryOutcome['status'],
  more: { readonly place?: string; readonly remark?: Remark } = {},
): EntryOutcome {
  return {
    index,
    resourceType: resource.resourceType,
    status,
    ...(more.place === undefined ? {} : { place: more.place }),
    remarks: more.remark === undefined ? remarks : [...remarks, more.remark],
  };
}

const Answer = z.object({
  entry: z
    .array(
      z.object({ response: z.object({ status: z.string(), location: z.string().optional() }) }),
    )
    .default([]),
});

/** As one transaction; leniently, what that refuses is tried entry by entry. */
async function sendPart(
  part: readonly ImportEntry[],
  key: string,
  places: ReadonlyMap<string, string>,
  options: ImportOptions,
): Promise<EntryOutcome[]> {
  const { status, text } = await options.post(requestOf(part, key, places));
  if (status === 200) return storedOutcomes(part, text, places);
  const remark: Remark = {
    severity: 'error',
    text: `refused with status ${status}: ${diagnosticsIn(text)}`,
    expression: 'Bundle.entry',
  };
  const isTemporary = status === 429 || status >= 500;
  if (isTemporary || options.mode === 'strict' || part.length === 1) {
    return part.map((entry) => outcome(entry, isTemporary ? 'not-sent' : 'refused', { remark }));
  }
  return sendEach(part, key, places, options);
}

/** Entry by entry, so that one that is refused keeps no other out. */
async function sendEach(
  part: readonly ImportEntry[],
  key: string,
  places: ReadonlyMap<string, string>,
  options: ImportOptions,
): Promise<EntryOutcome[]> {
  // Who waits for an entry that comes later in the part finds it under its name by then.
  const known = new Map(places);
  const outcomes: EntryOutcome[] = [];
  for (const entry of part) {
    const [done] = await sendPart([entry], `${key}:${entry.index}`, known, options);
    if (done === undefined) continue;
    outcomes.push(done);
    if (done.place !== undefined) for (const name of entry.names) known.set(name, done.place);
  }
  return outcomes;
}

function requestOf(
  part: readonly ImportEntry[],
  key: string,
  places: ReadonlyMap<string, string>,
): ImportRequest {
  // Inside the part the server finds entries by their first name.
  const inside = new Map(
    part.flatMap(({ names: [first = '', ...others] }) => others.map((name) => [name, first])),
  );
  const names = new Map([...inside, ...places]);
  const patient = [...places.values()].find((place) => place.startsWith('Patient/'));
  const entry = part.map(({ names: [fullUrl], resource }) => ({
    ...(fullUrl === undefined ? {} : { fullUrl }),
    resource: withNames(resource, names),
    request: { method: 'POST', url: resource.resourceType },
  }));
  return {
    path: '',
    headers: {
      'content-type': 'application/fhir+json',
      'idempotency-key': key,
      ...(patient === undefined ? {} : { 'x-patient': patient.slice('Patient/'.length) }),
    },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
  };
}

function storedOutcomes(
  part: readonly ImportEntry[],
  text: string,
  places: ReadonlyMap<string, string>,
): EntryOutcome[] {
  const { entry } = Answer.parse(JSON.parse(text));
  const here = new Set(part.flatMap(({ names }) => names));
  return part.map((one, place) => {
    const { status = '', location = '' } = entry[place]?.response ?? {};
    const found = /([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]+)(?:\/_history\/\d+)?$/.exec(location)?.[1];
    const open = referencesIn(one.resource).filter(
      (name) => name.startsWith('urn:') && !here.has(name) && !places.has(name),
    );
    return outcome(one, status.startsWith('201') ? 'stored' : 'known', {
      ...(found === undefined ? {} : { place: found }),
      ...(open.length === 0
        ? {}
        : {
            remark: {
              severity: 'warning' as const,
              text: `${open.length} references lead to nothing in this file; kept as they are`,
              expression: one.resource.resourceType,
            },
          }),
    });
  });
}

const Outcome = z.object({
  issue: z.array(z.object({ diagnostics: z.string().optional() })).min(1),
});

function diagnosticsIn(text: string): string {
  try {
    return Outcome.parse(JSON.parse(text)).issue[0]?.diagnostics ?? '';
  } catch {
    return 'without a reason';
  }
}

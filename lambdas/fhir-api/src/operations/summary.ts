/**
 * GET Patient/[id]/$summary: the International Patient Summary as a document
 * (https://hl7.org/fhir/uv/ips). A section without entries says that nothing is available, never that there is
 * nothing: who reads it may not see everything, and not everything is recorded.
 */
import { randomUUID } from 'node:crypto';
import { RECORD_CLASSES } from '@pulseledger/domain';
import type { Bundle, BundleEntry, Composition, CompositionSection } from 'fhir/r4.js';
import { asResource, type FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import { readPatientNow } from '../interactions/current.ts';
import { asJson } from '../interactions/incoming.ts';
import { shownRecord } from '../record/stored.ts';
import { narrative } from '../views/narrative.ts';
import { viewsOf } from '../views/views.ts';
import { lastOfEach } from '../vitals/lastn.ts';
import { OBSERVATION_KINDS } from '../vitals/observation-kinds.ts';
import { shownSign } from '../vitals/search-vitals.ts';
import { WITHHELD } from './everything.ts';
import { SECTIONS, type SectionPlan } from './summary-sections.ts';
import { displayOf } from './summary-text.ts';

const LOINC = 'http://loinc.org';
/** Newest ones are enough for a summary; the record has the others. */
const MAX_ENTRIES_A_SECTION = 50;

export async function summary(call: Call): Promise<Reply> {
  call.grant.require('Patient', 'r');
  const patientId = call.path['id'] ?? '';
  const patient = await readPatientNow(call, patientId);
  const records = await call.chart.load(
    patientId,
    RECORD_CLASSES.filter((name) => name !== 'psychotherapy-note'),
  );
  const stored = records.flatMap((record) => shownRecord(record).resource ?? []);
  const others = [...(await lastVitals(call, patientId)), ...(await devices(call, patientId))];
  const all = [...stored, ...others].filter(({ resourceType }) =>
    call.grant.allows(resourceType, 'r'),
  );
  return ok(documentOf(call, patient.resource ?? { resourceType: 'Patient' }, all));
}

async function devices(call: Call, patientId: string): Promise<FhirJson[]> {
  return (await viewsOf(call, 'Device', patientId)) ?? [];
}

async function lastVitals(call: Call, patientId: string): Promise<FhirJson[]> {
  const permits = await call.chart.open(patientId, ['vitals']);
  if (!permits.has('vitals')) return [];
  const query = {
    patientId,
    kinds: OBSERVATION_KINDS.filter(({ category }) => category === 'vital-signs'),
    dates: [],
    direction: 'desc' as const,
    count: 1,
    max: 1,
    accepts: undefined,
  };
  const { signs } = await lastOfEach(call.record, query, call.now());
  return signs.map(shownSign);
}

function documentOf(call: Call, patient: FhirJson, all: readonly FhirJson[]): Bundle {
  const nowText = new Date(call.now()).toISOString();
  const urls = new Map<string, string>();
  const nameOf = (resource: FhirJson): string => {
    const key = `${resource.resourceType}/${String(resource['id'])}`;
    const url = urls.get(key) ?? `${call.baseUrl}/${key}`;
    urls.set(key, url);
    return url;
  };
  const sections = SECTIONS.map((plan) => ({ plan, entries: entriesOf(plan, all) }));
  const used = new Map(sections.flatMap(({ entries }) => entries.map((one) => [nameOf(one), one])));
  const author: FhirJson = {
    resourceType: 'Device',
    id: 'summary-author',
    deviceName: [{ name: 'Pulseledger', type: 'user-friendly-name' }],
    type: { text: 'Software that gathers the summary from the record' },
  };
  const composition: Composition = {
    resourceType: 'Composition',
    id: randomUUID(),
    status: 'final',
    type: { coding: [{ system: LOINC, code: '60591-5', display: 'Patient summary Document' }] },
    subject: { reference: nameOf(patient) },
    date: nowText,
    author: [{ reference: nameOf(author), display: 'Pulseledger' }],
    title: 'International Patient Summary',
    text: narrative([], WITHHELD),
    section: sections.map(({ plan, entries }) => sectionOf(plan, entries, nameOf)),
  };
  return {
    resourceType: 'Bundle',
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${randomUUID()}` },
    type: 'document',
    timestamp: nowText,
    entry: [
      entry(`${call.baseUrl}/Composition/${composition.id ?? ''}`, asJson(composition)),
      entry(nameOf(patient), patient),
      entry(nameOf(author), author),
      ...[...used].map(([url, resource]) => entry(url, resource)),
    ],
  };
}

function entry(fullUrl: string, resource: FhirJson): BundleEntry {
  return { fullUrl, resource: asResource(resource) };
}

function entriesOf({ types, accepts }: SectionPlan, all: readonly FhirJson[]): FhirJson[] {
  return all
    .filter((resource) => types.includes(resource.resourceType) && accepts(resource))
    .slice(0, MAX_ENTRIES_A_SECTION);
}

function sectionOf(
  { title, code, display }: SectionPlan,
  entries: readonly FhirJson[],
  nameOf: (resource: FhirJson) => string,
): CompositionSection {
  const base = {
    title,
    code: { coding: [{ system: LOINC, code, display }] },
    text: narrative(entries.map(displayOf), `Nothing is available here. ${WITHHELD}`),
  };
  if (entries.length > 0) {
    return { ...base, entry: entries.map((resource) => ({ reference: nameOf(resource) })) };
  }
  return {
    ...base,
    emptyReason: {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason',
          code: 'unavailable',
          display: 'Unavailable',
        },
      ],
      text: 'Not recorded, or withheld',
    },
  };
}

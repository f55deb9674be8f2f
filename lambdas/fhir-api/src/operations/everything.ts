/**
 * GET Patient/[id]/$everything (https://hl7.org/fhir/R4/patient-operation-everything.html): the patient, devices,
 * every stored resource, then the vital signs; dense ones as series (SampledData), so that a night is a page.
 */
import { PulseError, RECORD_CLASSES } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { handling } from '../http/negotiation.ts';
import { remark } from '../http/outcome.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Parameter } from '../http/request.ts';
import { readPatientNow } from '../interactions/current.ts';
import { nothingToSee } from '../record/port.ts';
import { shownRecord } from '../record/stored.ts';
import { searchSet, withParameters } from '../search/bundle.ts';
import { openCursor, type Place, sealCursor } from '../search/cursor.ts';
import { parseDateFilter } from '../search/date-search.ts';
import { MAX_COUNT, printable, wholeNumber } from '../search/query.ts';
import { pageOf } from '../search/results.ts';
import { viewsOf } from '../views/views.ts';
import { vitalsPage } from '../vitals/everything-vitals.ts';

const DEFAULT_COUNT = 200;
/** Said on every first page: what is not shown may still exist. */
export const WITHHELD =
  'Parts of the record may be withheld or may not have been recorded; what is missing here is not known to be absent.';

interface Asked {
  count: number;
  sinceMs: number;
  types: readonly string[] | undefined;
  understood: Parameter[];
}

export async function everything(call: Call): Promise<Reply> {
  call.grant.require('Patient', 'r');
  const patientId = call.path['id'] ?? '';
  if (!/^[0-9a-f]{32}$/.test(patientId)) throw nothingToSee();
  const path = `Patient/${patientId}/$everything`;
  const { asked, after } = await parse(call, path);
  // A place within the vitals has the mark of its part in front.
  const [part, ...place] = after ?? ['stored'];
  if (part === 'vitals') return vitalsPart(call, patientId, path, asked, place);
  const stored = await storedResources(call, patientId, asked);
  const page = pageOf(
    stored,
    { sort: [], count: asked.count },
    after === undefined ? undefined : place,
  );
  const hasVitals = isWanted(asked, 'Observation') && call.grant.allows('Observation', 's');
  const next: Place | undefined =
    page.next !== undefined ? ['stored', ...page.next] : hasVitals ? ['vitals'] : undefined;
  return ok(
    searchSet({
      baseUrl: call.baseUrl,
      self: withParameters(path, asked.understood),
      next: await link(call, path, asked, next),
      matches: page.resources,
      remarks: after === undefined ? [remark('incomplete', WITHHELD)] : [],
    }),
  );
}

async function vitalsPart(
  call: Call,
  patientId: string,
  path: string,
  asked: Asked,
  place: Place,
): Promise<Reply> {
  const page = await vitalsPage(call, patientId, {
    count: asked.count,
    sinceMs: asked.sinceMs,
    after: place,
  });
  return ok(
    searchSet({
      baseUrl: call.baseUrl,
      self: withParameters(path, asked.understood),
      next: await link(
        call,
        path,
        asked,
        page.next === undefined ? undefined : ['vitals', ...page.next],
      ),
      matches: page.resources,
    }),
  );
}

async function link(
  call: Call,
  path: string,
  asked: Asked,
  after: Place | undefined,
): Promise<string | undefined> {
  if (after === undefined) return undefined;
  const content = { path, query: asked.understood, after };
  const cursor = await sealCursor(call.cursorKey, call.caller, content);
  return withParameters(path, [['_cursor', cursor]]);
}

async function storedResources(call: Call, patientId: string, asked: Asked): Promise<FhirJson[]> {
  const patient = await readPatientNow(call, patientId);
  const records = await call.chart.load(
    patientId,
    RECORD_CLASSES.filter((name) => name !== 'psychotherapy-note'),
  );
  const stored = records
    .filter(
      ({ recordClass, writtenAtMs }) => recordClass !== 'basics' && writtenAtMs >= asked.sinceMs,
    )
    .flatMap((record) => shownRecord(record).resource ?? []);
  const devices = (await viewsOf(call, 'Device', patientId)) ?? [];
  return [patient.resource, ...devices, ...stored].filter(
    (resource): resource is FhirJson =>
      resource !== null &&
      isServedType(resource.resourceType) &&
      isWanted(asked, resource.resourceType) &&
      (resource.resourceType === 'Patient' || call.grant.allows(resource.resourceType, 'r')),
  );
}

function isWanted({ types }: Asked, type: string): boolean {
  return types === undefined || types.includes(type);
}

async function parse(
  call: Call,
  path: string,
): Promise<{ asked: Asked; after: Place | undefined }> {
  const cursor = call.request.query.find(([name]) => name === '_cursor')?.[1];
  if (cursor === undefined) {
    const isStrict = handling(call.request) === 'strict';
    return { asked: parametersIn(call.request.query, isStrict), after: undefined };
  }
  const { query, after } = await openCursor(call.cursorKey, call.caller, cursor, path);
  return { asked: parametersIn(query, true), after };
}

type Take = (asked: Asked, value: string) => void;

const TAKES: Readonly<Record<string, Take>> = {
  _count: (asked, value) => {
    asked.count = Math.max(1, Math.min(wholeNumber('_count', value), MAX_COUNT));
  },
  _since: (asked, value) => {
    asked.sinceMs = parseDateFilter(value).fromMs;
  },
  _type: (asked, value) => {
    const types = value.split(',');
    if (!types.every(isServedType)) {
      throw new PulseError('invalid_input', '_type names a type that is not served');
    }
    asked.types = types;
  },
};

function parametersIn(parameters: readonly Parameter[], isStrict: boolean): Asked {
  const asked: Asked = { count: DEFAULT_COUNT, sinceMs: 0, types: undefined, understood: [] };
  for (const [name, value] of parameters) {
    if (['_format', '_pretty'].includes(name)) continue;
    const take = Object.hasOwn(TAKES, name) ? TAKES[name] : undefined;
    if (take !== undefined) {
      take(asked, value);
      asked.understood.push([name, value]);
    } else if (isStrict) {
      throw new PulseError(
        'invalid_input',
        `the parameter ${printable(name)} is not supported here`,
      );
    }
  }
  return asked;
}

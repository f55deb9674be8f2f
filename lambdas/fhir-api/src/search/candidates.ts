/** Where a search looks: within one patient, by an index key across patients, or in the directory. */
import { createHash } from 'node:crypto';
import {
  classesOfType,
  indexValueHash,
  PulseError,
  type Place as RecordPlace,
} from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isDirectoryType, type ServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { readCurrent, readPatientNow } from '../interactions/current.ts';
import type { DirectoryHints } from '../record/clinical-port.ts';
import { nothingToSee } from '../record/port.ts';
import { shownEntry, shownRecord } from '../record/stored.ts';
import { viewsOf } from '../views/views.ts';
import type { Filter, SearchQuery } from './query.ts';
import { parseTokens, splitAlternatives, unescape } from './token-search.ts';

/** Most resources that a search by id or key gathers one by one. */
const MAX_GATHERED = 50;

/** Everything of the type that the search may have to do with; the filters then decide. */
export async function candidates(call: Call, query: SearchQuery): Promise<FhirJson[]> {
  const patientId = onePatient(query);
  const { type } = query;
  if (type === 'Patient') return patients(call, query, patientId);
  if (patientId !== undefined) return withinPatient(call, type, patientId);
  const ids = plainFilter(query, '_id');
  if (ids !== undefined && !isDirectoryType(type)) return byIds(call, type, ids);
  if (isDirectoryType(type)) return inDirectory(call, query, type);
  const identifier = plainFilter(query, 'identifier');
  if (identifier !== undefined) return byIdentifier(call, type, identifier);
  throw new PulseError('invalid_input', 'name one patient, an _id or an identifier');
}

/** The patient that the search is within; undefined when it names none. @throws PulseError for several */
export function onePatient(query: SearchQuery): string | undefined {
  const [first, ...others] = new Set(query.patientIds);
  if (others.length > 0 && query.type !== 'Patient') {
    throw new PulseError('invalid_input', 'one patient a search; this one names more');
  }
  return first;
}

function plainFilter({ filters }: SearchQuery, name: string): Filter | undefined {
  return filters.find(
    ({ parameter, modifier }) => parameter.name === name && modifier === undefined,
  );
}

async function withinPatient(call: Call, type: ServedType, patientId: string): Promise<FhirJson[]> {
  const views = await viewsOf(call, type, patientId);
  if (views !== undefined) return views;
  return storedOfType(call, type, patientId);
}

/** Every present resource of the type in the patient's record. */
export async function storedOfType(
  call: Call,
  type: ServedType,
  patientId: string,
): Promise<FhirJson[]> {
  if (!/^[0-9a-f]{32}$/.test(patientId)) throw nothingToSee();
  const records = await call.chart.load(patientId, classesOfType(type));
  return records.flatMap((record) => {
    const { resource } = shownRecord(record);
    return resource?.resourceType === type ? [resource] : [];
  });
}

async function inDirectory(
  call: Pick<Call, 'directory'>,
  query: SearchQuery,
  type: Parameters<Call['directory']['list']>[0],
): Promise<FhirJson[]> {
  const entries = await call.directory.list(type, directoryHints(query));
  return entries.flatMap((entry) => shownEntry(entry).resource ?? []);
}

/** What the directory has an index for; everything is filtered again. */
export function directoryHints(query: SearchQuery): DirectoryHints {
  const single = (name: string): string | undefined => {
    const value = plainFilter(query, name)?.value;
    return value?.includes(',') === true ? undefined : value;
  };
  const name = ['name', 'family', 'given'].map(single).find((value) => value !== undefined);
  const identifier = single('identifier')?.replace(/^\|/, '');
  const specialty = single('specialty')?.replace(/^.*\|/, '');
  return {
    ...(name === undefined ? {} : { name }),
    ...(identifier === undefined || identifier.endsWith('|') ? {} : { identifier }),
    ...(specialty === undefined || specialty === '' ? {} : { specialty }),
  };
}

async function byIds(call: Call, type: ServedType, { value }: Filter): Promise<FhirJson[]> {
  const ids = [...new Set(splitAlternatives(value).map(unescape))];
  return gather(ids, (id) => readCurrent(call, type, id));
}

async function patients(
  call: Call,
  query: SearchQuery,
  patientId: string | undefined,
): Promise<FhirJson[]> {
  if (patientId !== undefined) {
    return gather([...new Set(query.patientIds)], (id) => readPatientNow(call, id));
  }
  const hashes = patientHashes(query);
  if (hashes === undefined && call.caller.role === 'patient') {
    return gather([call.caller.subjectId], (id) => readPatientNow(call, id));
  }
  if (hashes === undefined) {
    throw new PulseError(
      'invalid_input',
      'patients are found by _id, by identifier, or by family name and birthdate together',
    );
  }
  const places = await Promise.all(hashes.map(([name, hash]) => call.chart.findByKey(name, hash)));
  const ids = new Set(places.flat().map((place) => place.patientId));
  return gather([...ids], (id) => readPatientNow(call, id));
}

type IndexHash = readonly ['patient-identifier' | 'patient-name-birthdate', string];

/** Undefined when the search has no key of an index. */
function patientHashes(query: SearchQuery): IndexHash[] | undefined {
  const identifier = plainFilter(query, 'identifier');
  if (identifier !== undefined) {
    return identifierHashes('patient-identifier', identifier.value).map((hash) => [
      'patient-identifier',
      hash,
    ]);
  }
  const family = plainFilter(query, 'family') ?? plainFilter(query, 'name');
  const birthDate = plainFilter(query, 'birthdate')?.value.replace(/^eq/, '');
  if (family === undefined || birthDate === undefined) return undefined;
  return splitAlternatives(family.value).map((name) => [
    'patient-name-birthdate',
    indexValueHash('patient-name-birthdate', [unescape(name), birthDate], sha256),
  ]);
}

function identifierHashes(
  name: 'patient-identifier' | 'record-identifier',
  value: string,
): string[] {
  return parseTokens(value).map(({ system = '', code }) => {
    if (code === undefined) {
      throw new PulseError('invalid_input', 'an identifier is searched by its value');
    }
    return indexValueHash(name, [system, code], sha256);
  });
}

async function byIdentifier(call: Call, type: ServedType, { value }: Filter): Promise<FhirJson[]> {
  const hashes = identifierHashes('record-identifier', value);
  const places = await Promise.all(
    hashes.map((hash) => call.chart.findByKey('record-identifier', hash)),
  );
  const classes = classesOfType(type);
  const unique = new Map(
    places.flat().map((place): [string, RecordPlace] => [place.recordId, place]),
  );
  const ids = [...unique.values()]
    .filter(({ recordClass }) => classes.includes(recordClass))
    .map(({ recordId }) => recordId);
  return gather(ids, (id) => readCurrent(call, type, id));
}

/** What can be had of these; what cannot is left out, as if it did not exist. */
async function gather(
  ids: readonly string[],
  read: (id: string) => Promise<{ readonly resource: FhirJson | null }>,
): Promise<FhirJson[]> {
  if (ids.length > MAX_GATHERED) {
    throw new PulseError('invalid_input', `a search by id names at most ${MAX_GATHERED}`);
  }
  const found = await Promise.all(
    ids.map(async (id) => {
      try {
        return (await read(id)).resource;
      } catch (error) {
        if (error instanceof PulseError && ['not_found', 'gone', 'deleted'].includes(error.code))
          return null;
        throw error;
      }
    }),
  );
  return found.filter((resource) => resource !== null);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

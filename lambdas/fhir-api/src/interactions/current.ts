/** The present version of one resource, wherever it is: in a record, the directory, or shown from the ledger. */
import { classesOfType, type Place, PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isDirectoryType, type ServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { conceal } from '../record/chart.ts';
import type { DirectoryEntry } from '../record/clinical-port.ts';
import { nothingToSee } from '../record/port.ts';
import { shownEntry, shownRecord, type Versioned } from '../record/stored.ts';
import { toPatient } from '../views/patient.ts';
import { readView } from '../views/views.ts';
import { readVital } from '../vitals/read-vital.ts';

/** What is shown but has no versions of its own carries none. */
export type Current = Versioned | { readonly resource: FhirJson; readonly version?: never };

/** @throws PulseError `not_found`, also for what the caller may not read; `deleted`; `gone` for what was erased */
export async function readCurrent(call: Call, type: ServedType, id: string): Promise<Current> {
  if (type === 'Patient') return readPatientNow(call, id);
  const shown = await readView(call, type, id);
  if (shown !== undefined) return { resource: shown };
  if (type === 'Observation') {
    const vital = await readVital(call, id);
    if (vital !== undefined) return { resource: vital };
  }
  if (isDirectoryType(type)) {
    const entry = await fromDirectory(call, type, id);
    if (entry !== undefined) return entry;
  }
  return present(shownRecord(await call.chart.read(await placeOf(call, type, id))), type);
}

async function fromDirectory(
  call: Pick<Call, 'directory'>,
  type: Parameters<Call['directory']['read']>[0],
  id: string,
): Promise<Versioned | undefined> {
  try {
    return shownEntry(await call.directory.read(type, id));
  } catch (error) {
    if (error instanceof PulseError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** Without login: the directory alone. @throws PulseError `not_found` */
export async function readDirectory(
  call: Pick<Call, 'directory'>,
  type: Parameters<Call['directory']['read']>[0],
  id: string,
): Promise<Versioned> {
  const entry = await fromDirectory(call, type, id);
  if (entry === undefined) throw nothingToSee();
  return entry;
}

/** All versions of a directory's entry, newest first; undefined for what is none. */
export async function directoryHistory(
  call: Pick<Call, 'directory'>,
  type: ServedType,
  id: string,
): Promise<readonly DirectoryEntry[] | undefined> {
  if (!isDirectoryType(type)) return undefined;
  try {
    const entries = await call.directory.history(type, id);
    return entries.length > 0 ? entries : undefined;
  } catch (error) {
    if (error instanceof PulseError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** @throws PulseError `deleted`, `not_found` for another type */
export function present(stored: Versioned, type: ServedType): Versioned {
  if (stored.isDeleted || stored.resource === null) {
    throw new PulseError('deleted');
  }
  if (stored.resource.resourceType !== type) throw nothingToSee();
  return stored;
}

const RECORD_ID = /^[0-9a-f]{32}$/;

/** Where a record of this type and id is. @throws PulseError `not_found` */
export async function placeOf(call: Call, type: ServedType, id: string): Promise<Place> {
  if (!RECORD_ID.test(id)) throw nothingToSee();
  if (type === 'Patient') return { patientId: id, recordClass: 'basics', recordId: id };
  const place = await call.chart.locate(id);
  if (!classesOfType(type).includes(place.recordClass)) throw nothingToSee();
  return place;
}

/** A patient as a resource of the record; one who was registered without FHIR is shown as version 0. */
export async function readPatientNow(call: Call, id: string): Promise<Versioned> {
  const place = await placeOf(call, 'Patient', id);
  try {
    return present(shownRecord(await call.chart.read(place)), 'Patient');
  } catch (error) {
    if (!(error instanceof PulseError) || error.code !== 'not_found') throw error;
  }
  const view = await conceal(call.record.readPatient({ patientId: id }));
  return {
    id,
    version: 0,
    lastUpdatedMs: 0,
    isDeleted: false,
    resource: { ...toPatient(view) },
  };
}

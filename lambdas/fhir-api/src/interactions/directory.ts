/** Entries of the directory: added and changed by administrators of the organization that answers for them. */
import { type DirectoryWrite, PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import { isDirectoryType, type RecordType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import type { Reply } from '../http/reply.ts';
import { ifMatch } from '../http/versions.ts';
import type { DirectoryEntry } from '../record/clinical-port.ts';
import { shownEntry, storedForm, type Versioned } from '../record/stored.ts';
import { newId } from './incoming.ts';
import { written } from './written.ts';

/** @throws PulseError `invalid_input` for a type that only a patient's record holds */
export function entryWrite(
  resource: FhirJson,
  id: string,
  ifVersion: number | null,
): DirectoryWrite {
  const { resourceType } = resource;
  if (!isDirectoryType(resourceType)) {
    throw new PulseError(
      'invalid_input',
      `${resourceType} is stored in a patient's record: refer to the patient, name the patient in X-Patient, or send it in a Bundle with what refers`,
    );
  }
  return { kind: resourceType, id, ifVersion, resource: storedForm(resource), saltHex: newId() };
}

export async function createEntry(call: Call, resource: FhirJson, id: string): Promise<Reply> {
  const write = entryWrite(resource, id, null);
  return written(call, 201, resource.resourceType, await storeEntry(call, write));
}

async function storeEntry(call: Call, write: DirectoryWrite): Promise<Versioned> {
  const [version = 1] = await call.directoryWriter.write([write]);
  return shownDirectoryWrite(write, version, call.now());
}

export function shownDirectoryWrite(
  { kind, id, resource }: DirectoryWrite,
  version: number,
  lastUpdatedMs: number,
): Versioned {
  return shownEntry({ type: kind, id, version, lastUpdatedMs, resource });
}

/** The entry of the directory with this id, if there is one. */
export async function knownEntry(
  call: Call,
  type: RecordType,
  id: string,
): Promise<DirectoryEntry | undefined> {
  if (!isDirectoryType(type)) return undefined;
  try {
    return await call.directory.read(type, id);
  } catch (error) {
    if (error instanceof PulseError && error.code === 'not_found') return undefined;
    throw error;
  }
}

export async function updateEntry(
  call: Call,
  entry: DirectoryEntry,
  resource: FhirJson,
  match: string | undefined,
): Promise<Reply> {
  const wanted = ifMatch(match);
  if (wanted === undefined) throw new PulseError('precondition_required');
  if (wanted !== entry.version) throw new PulseError('precondition_failed');
  const write = entryWrite(resource, entry.id, entry.version);
  return written(call, 200, entry.type, await storeEntry(call, write));
}

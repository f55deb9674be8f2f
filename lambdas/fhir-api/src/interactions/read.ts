/** read and vread: https://hl7.org/fhir/R4/http.html#read */
import { PulseError } from '@pulseledger/domain';
import { isDirectoryType, isServedType, type ServedType } from '../definitions/served-types.ts';
import type { Call, PublicCall } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import { isUnchanged, unchanged, versionHeaders } from '../http/versions.ts';
import { nothingToSee } from '../record/port.ts';
import { shownEntry, shownRecord, type Versioned } from '../record/stored.ts';
import { directoryHistory, placeOf, present, readCurrent, readDirectory } from './current.ts';

/** @throws PulseError `not_found` for a type that is not served */
export function typeIn(path: PublicCall['path']): ServedType {
  const type = path['type'] ?? '';
  if (!isServedType(type)) throw new PulseError('not_found', 'this type is not served');
  return type;
}

export async function readResource(call: Call): Promise<Reply> {
  const type = typeIn(call.path);
  call.grant.require(type, 'r');
  const current = await readCurrent(call, type, call.path['id'] ?? '');
  if (current.version === undefined) return ok(current.resource);
  return conditionally(call, current);
}

/** A directory's entry without login. */
export async function readPublicly(call: PublicCall): Promise<Reply> {
  const type = typeIn(call.path);
  if (!isDirectoryType(type)) throw new PulseError('unauthenticated');
  return conditionally(call, await readDirectory(call, type, call.path['id'] ?? ''));
}

function conditionally(call: PublicCall, stored: Versioned): Reply {
  // What was registered without FHIR has no version that could be compared.
  const hasVersion = stored.version > 0;
  if (hasVersion && isUnchanged(call.request, stored)) return unchanged(stored);
  return ok(stored.resource ?? {}, hasVersion ? versionHeaders(stored) : { etag: 'W/"0"' });
}

export async function readVersion(call: Call): Promise<Reply> {
  const type = typeIn(call.path);
  call.grant.require(type, 'r');
  const version = versionNumber(call.path['vid'] ?? '');
  const id = call.path['id'] ?? '';
  const entry = await directoryVersion(call, type, id, version);
  if (entry !== undefined) return ok(entry.resource ?? {}, versionHeaders(entry));
  const place = await placeOf(call, type, id);
  const stored = present(shownRecord(await call.chart.readVersion(place, version)), type);
  return ok(stored.resource ?? {}, versionHeaders(stored));
}

async function directoryVersion(
  call: Call,
  type: ServedType,
  id: string,
  version: number,
): Promise<Versioned | undefined> {
  const entries = await directoryHistory(call, type, id);
  if (entries === undefined) return undefined;
  const found = entries.find((entry) => entry.version === version);
  if (found === undefined) throw nothingToSee();
  return shownEntry(found);
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw nothingToSee();
  return Number(text);
}

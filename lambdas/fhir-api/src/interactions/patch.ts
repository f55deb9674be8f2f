/** PATCH with JSON Patch: https://hl7.org/fhir/R4/http.html#patch */
import { PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { RecordType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import type { Reply } from '../http/reply.ts';
import type { FhirRequest } from '../http/request.ts';
import { etagOf, ifMatch } from '../http/versions.ts';
import { shownEntry, type Versioned } from '../record/stored.ts';
import { knownEntry } from './directory.ts';
import { JSON_PATCH, patched } from './json-patch.ts';
import { typeIn } from './read.ts';
import { currentVersion, replaceResource, writable } from './write.ts';

/** A version that a patch makes, and of which one. */
export interface Patched {
  readonly resource: FhirJson;
  /** Of the version that was patched: nothing is written over another's change. */
  readonly ifMatch: string;
}

/**
 * The patch applied to the present version.
 * @throws PulseError `precondition_failed` when the client knows another version
 */
export async function patchedNow(
  call: Call,
  type: RecordType,
  id: string,
  patch: { readonly text: string; readonly ifMatch: string | undefined },
): Promise<Patched> {
  const { version, resource } = await present(call, type, id);
  const wanted = ifMatch(patch.ifMatch);
  if (wanted !== undefined && wanted !== version) throw new PulseError('precondition_failed');
  if (resource === null) throw new PulseError('deleted');
  return { resource: patched(resource, patch.text), ifMatch: etagOf(version) };
}

async function present(call: Call, type: RecordType, id: string): Promise<Versioned> {
  const entry = await knownEntry(call, type, id);
  return entry === undefined ? currentVersion(call, type, id) : shownEntry(entry);
}

export async function patchResource(call: Call): Promise<Reply> {
  const type = writable(typeIn(call.path));
  call.grant.require(type, 'u');
  requireJsonPatch(call.request);
  const id = call.path['id'] ?? '';
  const patch = { text: call.request.body, ifMatch: call.request.headers['if-match'] };
  return replaceResource(call, type, id, await patchedNow(call, type, id, patch));
}

function requireJsonPatch({ headers }: FhirRequest): void {
  const [type = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== JSON_PATCH) {
    throw new PulseError('unsupported_media_type', `a patch is a body of type ${JSON_PATCH}`);
  }
}

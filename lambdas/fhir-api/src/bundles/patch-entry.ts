/** PATCH within a Bundle: the patch is the content of a Binary (https://hl7.org/fhir/R4/http.html#patch). */
import { PulseError } from '@pulseledger/domain';
import { isRecordType, isServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { JSON_PATCH } from '../interactions/json-patch.ts';
import { patchedNow } from '../interactions/patch.ts';
import type { RequestEntry } from './bundle-request.ts';

/** The patch that an entry carries. @throws PulseError `invalid_input`, `unsupported_media_type` */
export function patchIn({ resource }: RequestEntry): string {
  if (resource?.resourceType !== 'Binary' || typeof resource['data'] !== 'string') {
    throw new PulseError('invalid_input', 'a patch in a Bundle is a Binary with data');
  }
  if (resource['contentType'] !== JSON_PATCH) {
    throw new PulseError(
      'unsupported_media_type',
      `the Binary of a patch is of type ${JSON_PATCH}`,
    );
  }
  return Buffer.from(resource['data'], 'base64').toString('utf8');
}

/** In a transaction a patch is the version that it makes, written over the one that it was made of. */
export async function asUpdate(call: Call, entry: RequestEntry): Promise<RequestEntry> {
  const { url, ifMatch: given } = entry.request;
  const relative = url.startsWith(`${call.baseUrl}/`) ? url.slice(call.baseUrl.length + 1) : url;
  const [type = '', id, ...more] = relative.split('/');
  if (!isServedType(type) || !isRecordType(type) || id === undefined || more.length > 0) {
    throw new PulseError('not_supported', 'a patch goes to Type/id');
  }
  call.grant.require(type, 'u');
  const { resource, ifMatch } = await patchedNow(call, type, id, {
    text: patchIn(entry),
    ifMatch: given,
  });
  return { ...entry, resource, request: { ...entry.request, method: 'PUT', ifMatch } };
}

/** A batch: each entry by itself, whatever becomes of the others. */
import { ERRORS, PulseError } from '@pulseledger/domain';
import type { Bundle, BundleEntry } from 'fhir/r4.js';
import { asResource, FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { outcomeOf } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import type { RequestEntry } from './bundle-request.ts';
import { entryRequest } from './entry-request.ts';

const AT_ONCE = 8;

export async function runBatch(
  call: Call,
  entries: readonly (RequestEntry | PulseError)[],
): Promise<Bundle> {
  const answers: BundleEntry[] = [];
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const some = entries.slice(start, start + AT_ONCE);
    answers.push(...(await Promise.all(some.map((entry) => runEntry(call, entry)))));
  }
  return {
    resourceType: 'Bundle',
    type: 'batch-response',
    ...(answers.length > 0 ? { entry: answers } : {}),
  };
}

async function runEntry(call: Call, entry: RequestEntry | PulseError): Promise<BundleEntry> {
  try {
    if (entry instanceof PulseError) throw entry;
    return responseOf(await call.perform(entryRequest(call, entry)));
  } catch (error) {
    return failedEntry(error instanceof PulseError ? error : new PulseError('internal'));
  }
}

export function failedEntry(error: PulseError): BundleEntry {
  const { httpStatus } = ERRORS[error.code];
  return { response: { status: statusText(httpStatus), outcome: outcomeOf(error) } };
}

/** An entry of the answer as https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response has it. */
export function responseOf({ status, headers, resource }: Reply): BundleEntry {
  const modified = headers['last-modified'];
  return {
    ...(resource === undefined ? {} : { resource: asResource(FhirJson.parse(resource)) }),
    response: {
      status: statusText(status),
      ...(headers['location'] === undefined ? {} : { location: headers['location'] }),
      ...(headers['etag'] === undefined ? {} : { etag: headers['etag'] }),
      ...(modified === undefined ? {} : { lastModified: new Date(modified).toISOString() }),
    },
  };
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
};

export function statusText(status: number): string {
  const reason = REASONS[status];
  return reason === undefined ? String(status) : `${status} ${reason}`;
}

/** Versions in HTTP: weak ETags of FHIR (https://hl7.org/fhir/R4/http.html#concurrency). */
import { PulseError } from '@pulseledger/domain';
import type { Versioned } from '../record/stored.ts';
import type { Reply } from './reply.ts';
import type { FhirRequest } from './request.ts';

export function versionHeaders(stored: Versioned): Record<string, string> {
  return {
    etag: etagOf(stored.version),
    'last-modified': new Date(stored.lastUpdatedMs).toUTCString(),
  };
}

export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/** Does the client have this version already? */
export function isUnchanged(request: FhirRequest, stored: Versioned): boolean {
  const noneMatch = request.headers['if-none-match'];
  if (noneMatch !== undefined) {
    const tags = noneMatch.split(',').map((tag) => tag.trim());
    return tags.includes('*') || tags.some((tag) => versionIn(tag) === stored.version);
  }
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  return Math.floor(stored.lastUpdatedMs / 1000) * 1000 <= since;
}

export function unchanged(stored: Versioned): Reply {
  return { status: 304, headers: versionHeaders(stored) };
}

/** The version in If-Match; undefined without the header. @throws PulseError `precondition_failed` */
export function ifMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const version = versionIn(header.trim());
  // A tag that we never gave out is the tag of no version.
  if (version === undefined) throw new PulseError('precondition_failed');
  return version;
}

function versionIn(tag: string): number | undefined {
  const found = /^(?:W\/)?"?(\d{1,6})"?$/.exec(tag)?.[1];
  return found === undefined ? undefined : Number(found);
}

export type Returning = 'minimal' | 'representation' | 'OperationOutcome';

/** https://hl7.org/fhir/R4/http.html#ops: what a change answers with; the whole resource unless said otherwise. */
export function returning(request: FhirRequest): Returning {
  const prefer = request.headers['prefer'] ?? '';
  const found = /(?:^|[,;\s])return\s*=\s*"?(minimal|representation|OperationOutcome)"?/i.exec(
    prefer,
  )?.[1];
  const wanted = found?.toLowerCase();
  if (wanted === 'minimal') return 'minimal';
  return wanted === 'operationoutcome' ? 'OperationOutcome' : 'representation';
}

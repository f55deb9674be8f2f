import { PulseError } from '@pulseledger/domain';
import Negotiator from 'negotiator';
import type { FhirRequest } from './request.ts';

/** https://hl7.org/fhir/R4/http.html#mime-type; a client that asks for plain JSON is answered with it. */
export const FHIR_JSON = 'application/fhir+json';
const OFFERED = [FHIR_JSON, 'application/json', 'text/json'] as const;
const PARAMETERS = ['', ';charset=utf-8', ';fhirversion=4.0', ';charset=utf-8;fhirversion=4.0'];
const AVAILABLE = OFFERED.flatMap((type) => PARAMETERS.map((more) => `${type}${more}`));
const FORMAT_NAMES = ['json', ...OFFERED];

/**
 * The media type of the answer: `_format` before Accept, as FHIR has it.
 * @throws PulseError `not_acceptable`
 */
export function negotiate(request: FhirRequest): string {
  const format = request.query.find(([name]) => name === '_format')?.[1];
  if (format !== undefined) return fromFormat(format);
  const accept = request.headers['accept'];
  if (accept === undefined) return FHIR_JSON;
  const best = new Negotiator({ headers: { accept: accept.toLowerCase() } }).mediaType(AVAILABLE);
  const type = OFFERED.find((offered) => offered === best?.split(';')[0]);
  if (type === undefined) throw new PulseError('not_acceptable', 'only FHIR JSON is offered');
  return type;
}

function fromFormat(format: string): string {
  const wanted = format.toLowerCase().replace(' ', '+').split(';')[0];
  if (!FORMAT_NAMES.some((name) => name === wanted)) {
    throw new PulseError('not_acceptable', '_format names something other than FHIR JSON');
  }
  return OFFERED.find((type) => type === wanted) ?? FHIR_JSON;
}

const FORM = 'application/x-www-form-urlencoded';

/** @throws PulseError `unsupported_media_type` unless the body is a form (POST _search). */
export function requireForm(request: FhirRequest): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== FORM) {
    throw new PulseError('unsupported_media_type', `_search takes a body of type ${FORM}`);
  }
}

/** How unknown search parameters are taken: https://hl7.org/fhir/R4/search.html#errors */
export function handling(request: FhirRequest): 'strict' | 'lenient' {
  const prefer = request.headers['prefer'] ?? '';
  return /(?:^|[,;\s])handling\s*=\s*"?strict"?(?:$|[,;\s])/i.test(prefer) ? 'strict' : 'lenient';
}

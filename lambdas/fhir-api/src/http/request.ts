import { PulseError } from '@pulseledger/domain';
import { z } from 'zod';

/** One search parameter as it was sent, decoded, in the order it was sent in. */
export type Parameter = readonly [name: string, value: string];

/** What the routes see of a request. */
export interface FhirRequest {
  readonly method: string;
  /** Decoded path below the FHIR base, e.g. `['Observation', '$lastn']`. */
  readonly segments: readonly string[];
  readonly query: readonly Parameter[];
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The HTTP API's own number of the request; safe to log. */
  readonly requestId: string;
}

const MAX_QUERY_CHARACTERS = 8_192;
const MAX_PARAMETERS = 50;
/** Of a route that says nothing else: a form. */
const FORM_CHARACTERS = 16_384;
const MAX_SEGMENTS = 8;

/**
 * The part of an HTTP API event, payload format 2.0, that we use
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
 */
const HttpApiEvent = z.object({
  version: z.literal('2.0'),
  rawPath: z.string(),
  rawQueryString: z.string().default(''),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    requestId: z.string().min(1).max(128),
    http: z.object({ method: z.string() }),
  }),
});

/** The HTTP API's number of the request, also when the rest of the event cannot be used. */
export function requestIdOf(event: unknown): string {
  const parsed = z
    .object({ requestContext: HttpApiEvent.shape.requestContext.pick({ requestId: true }) })
    .safeParse(event);
  return parsed.success ? parsed.data.requestContext.requestId : 'unknown';
}

/** The first segment of the path, also when the rest of the event cannot be used. */
export function firstSegmentOf(event: unknown, basePath: string): string | undefined {
  const parsed = z.object({ rawPath: z.string() }).safeParse(event);
  if (!parsed.success) return undefined;
  try {
    return parsePath(parsed.data.rawPath, basePath)[0];
  } catch {
    return undefined;
  }
}

/**
 * @param basePath path of the FHIR base URL, e.g. `/fhir`
 * @throws PulseError `invalid_input`, `oversize`, or `not_found` for a path outside the base.
 */
export function parseRequest(event: unknown, basePath: string): FhirRequest {
  const parsed = HttpApiEvent.safeParse(event);
  if (!parsed.success) throw new PulseError('invalid_input', 'not an HTTP API event, format 2.0');
  const { rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext } = parsed.data;
  const text = isBase64Encoded ? Buffer.from(body ?? '', 'base64').toString('utf8') : (body ?? '');
  return {
    method: requestContext.http.method.toUpperCase(),
    segments: parsePath(rawPath, basePath),
    query: parseQuery(rawQueryString),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    body: text,
    requestId: requestContext.requestId,
  };
}

/** @throws PulseError `oversize` */
export function requireBodySize({ body }: FhirRequest, most: number = FORM_CHARACTERS): void {
  if (body.length > most) {
    throw new PulseError('oversize', `the body has more than ${most} characters`);
  }
}

export function parsePath(rawPath: string, basePath: string): string[] {
  const base = basePath.replace(/\/$/, '');
  if (rawPath !== base && !rawPath.startsWith(`${base}/`)) throw new PulseError('not_found');
  const segments = rawPath.slice(base.length).replace(/^\//, '').replace(/\/$/, '').split('/');
  if (segments.length > MAX_SEGMENTS) throw new PulseError('not_found');
  return segments.map(decode);
}

/**
 * Percent decoding only: a plus stays a plus, since zone offsets (`+02:00`) and media types (`fhir+json`) are
 * what a plus stands for in FHIR queries. A form body is decoded as a form.
 * @throws PulseError `invalid_input` or `oversize`
 */
export function parseQuery(raw: string, plusIsSpace = false): Parameter[] {
  if (raw.length > MAX_QUERY_CHARACTERS) {
    throw new PulseError('oversize', `the query has more than ${MAX_QUERY_CHARACTERS} characters`);
  }
  const pairs = raw.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_PARAMETERS) {
    throw new PulseError('invalid_input', `there are more than ${MAX_PARAMETERS} parameters`);
  }
  return pairs.map((pair) => {
    const text = plusIsSpace ? pair.replaceAll('+', ' ') : pair;
    const split = text.indexOf('=');
    return split < 0
      ? [decode(text), '']
      : [decode(text.slice(0, split)), decode(text.slice(split + 1))];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PulseError('invalid_input', 'the address is not valid percent-encoded UTF-8');
  }
}

/** From one HTTP API event to one answer. Only here are errors caught; a failure is an OperationOutcome, beside FHIR a problem. */
import {
  DENIAL_REASONS,
  type DenialReason,
  ERRORS,
  type ErrorCode,
  type MetricSink,
  PulseError,
} from '@pulseledger/domain';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { concealing, type RecordPort } from '../record/port.ts';
import type { Caller, VerifyToken } from '../smart/token.ts';
import { FHIR_JSON, negotiate } from './negotiation.ts';
import { outcomeOf } from './outcome.ts';
import { PLAIN_JSON, PROBLEM_JSON, problemOf } from './problem.ts';
import { type FhirRequest, parseRequest, requestIdOf } from './request.ts';
import { type Publish, ROUTES, type Route } from './routes.ts';

/** What one login works with. */
export interface Session {
  readonly record: RecordPort;
  readonly cursorKey: Uint8Array;
}

/** One line a request: nothing personal in it. */
export interface AccessLogEntry {
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly organization?: string;
  readonly role?: string;
  readonly code?: string;
  /** Frames of an unexpected error, without its message, which may quote data. */
  readonly frames?: readonly string[];
}

export interface FhirApi {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly verifyToken: VerifyToken;
  readonly openSession: (caller: Caller) => Promise<Session>;
  readonly publish: Publish;
  /** Told of refusals. */
  readonly metrics: MetricSink;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: (entry: AccessLogEntry) => void;
}

export type Handle = (event: unknown) => Promise<APIGatewayProxyStructuredResultV2>;

export function createRouter(api: FhirApi): Handle {
  return async (event) => {
    const startedMs = api.now();
    const trace: Trace = {
      requestId: requestIdOf(event),
      method: '',
      route: '',
      format: 'fhir',
      contentType: FHIR_JSON,
    };
    const answer = await answerSafely(api, event, trace);
    const { requestId, method, route, organization, role } = trace;
    api.log({
      requestId,
      method,
      route,
      status: answer.status,
      durationMs: api.now() - startedMs,
      ...(organization === undefined ? {} : { organization }),
      ...(role === undefined ? {} : { role }),
      ...answer.failure,
    });
    return toResult(answer, trace);
  };
}

/** What is known of a request so far; filled in as it is worked on. */
interface Trace {
  requestId: string;
  method: string;
  route: string;
  format: 'fhir' | 'plain';
  contentType: string;
  correlationId?: string;
  organization?: string;
  role?: string;
}

interface Answer {
  readonly status: number;
  readonly resource: object;
  readonly headers: Readonly<Record<string, string>>;
  readonly failure: Pick<AccessLogEntry, 'code' | 'frames'>;
}

async function answerSafely(api: FhirApi, event: unknown, trace: Trace): Promise<Answer> {
  try {
    const resource = await work(api, event, trace);
    return { status: 200, resource, headers: {}, failure: {} };
  } catch (error) {
    countDenial(api.metrics, error);
    return failed(error, trace);
  }
}

async function work(api: FhirApi, event: unknown, trace: Trace): Promise<object> {
  const request = parseRequest(event, new URL(api.baseUrl).pathname);
  trace.method = request.method;
  trace.correlationId = correlationIdOf(request);
  trace.format = formatOf(request);
  trace.contentType = trace.format === 'fhir' ? negotiate(request) : PLAIN_JSON;
  const { route, id } = findRoute(request);
  trace.route = route.path;
  const { baseUrl, now, publish } = api;
  if (route.access === 'public') return route.handle({ request, baseUrl });
  const caller = await api.verifyToken(request.headers['authorization']);
  trace.organization = caller.organization;
  trace.role = caller.role;
  const { record, cursorKey } = await api.openSession(caller);
  return route.handle({
    request,
    baseUrl,
    id,
    caller,
    record: concealing(record),
    cursorKey,
    publish,
    now,
  });
}

/** https://hl7.org/fhir/R4/http.html#custom: the client's own number comes back if it is a harmless one. */
function correlationIdOf(request: FhirRequest): string {
  const given = request.headers['x-correlation-id'] ?? '';
  return /^[\w.-]{1,64}$/.test(given) ? given : request.requestId;
}

/** What stands beside FHIR, by its first segment. */
const PLAIN_ROOTS: ReadonlySet<string | undefined> = new Set(
  ROUTES.filter(({ format }) => format === 'plain').map(({ path }) => path.split('/')[0]),
);

function formatOf({ segments }: FhirRequest): Trace['format'] {
  return PLAIN_ROOTS.has(segments[0]) ? 'plain' : 'fhir';
}

function findRoute(request: FhirRequest): { route: Route; id: string } {
  const matching = ROUTES.filter(({ path }) => matchesPath(path, request.segments));
  if (matching.length === 0) throw new PulseError('not_found', 'this address is not served');
  // HEAD is GET without the body (RFC 9110, 9.3.2).
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  // A literal path hides the `:id` behind it, so that POST to it is no GET of something named like it.
  const first = matching.filter(({ path }) => path === matching[0]?.path);
  const route = first.find((candidate) => candidate.method === method);
  if (route === undefined) {
    throw new PulseError('method_not_allowed', ERRORS.method_not_allowed.title, {
      details: { allow: allowed(first) },
    });
  }
  const place = route.path.split('/').indexOf(':id');
  return { route, id: request.segments[place] ?? '' };
}

function matchesPath(path: string, segments: readonly string[]): boolean {
  const parts = path.split('/');
  return (
    parts.length === segments.length &&
    parts.every(
      (part, index) => part === segments[index] || (part === ':id' && segments[index] !== ''),
    )
  );
}

function allowed(routes: readonly Route[]): string {
  return routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}

/** Failures that pass by themselves. */
const BUSY: readonly ErrorCode[] = ['throttled', 'unavailable'];
const RETRY_AFTER_SECONDS = '2';

function failed(error: unknown, trace: Trace): Answer {
  const known = error instanceof PulseError ? error : new PulseError('internal');
  const { httpStatus } = ERRORS[known.code];
  const isFhir = trace.format === 'fhir';
  if (!isFhir) trace.contentType = PROBLEM_JSON;
  return {
    status: httpStatus,
    resource: isFhir ? outcomeOf(known) : problemOf(known),
    headers: failureHeaders(known),
    failure: {
      code: known.code,
      ...(httpStatus >= 500 ? { frames: framesOf(error) } : {}),
    },
  };
}

/** Also what the caller is told does not exist, when the contract has refused it. */
function countDenial(metrics: MetricSink, error: unknown): void {
  const reason = deniedAs(error) ?? (error instanceof Error ? deniedAs(error.cause) : undefined);
  if (reason !== undefined) metrics.record('Denied', 1, { at: 'api', reason });
}

function deniedAs(error: unknown): DenialReason | undefined {
  if (!(error instanceof PulseError)) return undefined;
  return DENIAL_REASONS.find((reason) => reason === error.code);
}

function failureHeaders(error: PulseError): Record<string, string> {
  const { code, details } = error;
  if (code === 'unauthenticated') return { 'www-authenticate': 'Bearer error="invalid_token"' };
  if (code === 'method_not_allowed') return { allow: String(details['allow']) };
  if (BUSY.includes(code)) return { 'retry-after': RETRY_AFTER_SECONDS };
  return {};
}

const MAX_FRAMES = 20;

function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const causes = error.cause === undefined ? [] : framesOf(error.cause);
  return [error.name, ...frames.map((line) => line.trim()), ...causes].slice(0, MAX_FRAMES);
}

function toResult(answer: Answer, trace: Trace): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: answer.status,
    headers: {
      'content-type': `${trace.contentType}; charset=utf-8`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=31536000',
      'x-request-id': trace.requestId,
      'x-correlation-id': trace.correlationId ?? trace.requestId,
      ...answer.headers,
    },
    body: trace.method === 'HEAD' ? '' : JSON.stringify(answer.resource),
  };
}

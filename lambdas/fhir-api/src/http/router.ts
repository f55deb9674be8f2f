/** From one HTTP API event to one answer. Only here are errors caught; a failure is an OperationOutcome, beside FHIR a problem. */
import {
  DENIAL_REASONS,
  type DenialReason,
  ERRORS,
  type ErrorCode,
  type MetricSink,
  PulseError,
  type Purpose,
} from '@pulseledger/domain';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { LoginAddresses } from '../config.ts';
import { Chart } from '../record/chart.ts';
import type {
  ChartsPort,
  ClinicalPort,
  DirectoryPort,
  DirectoryWriter,
} from '../record/clinical-port.ts';
import { type ConsentPort, concealingConsents } from '../record/consent-port.ts';
import type { CorrectionPort } from '../record/correction-port.ts';
import type { DevicePort } from '../record/device-port.ts';
import type { EmergencyPort } from '../record/emergency-port.ts';
import type { ErasurePort } from '../record/erasure-port.ts';
import type { LedgerPort } from '../record/ledger-port.ts';
import type { NotePort } from '../record/note-port.ts';
import { concealingPage, type PagePort } from '../record/page-port.ts';
import type { PeopleDirectory } from '../record/people-directory.ts';
import { concealing, type RecordPort } from '../record/port.ts';
import { purposeOf } from '../record/purpose.ts';
import { concealingRelations, type RelationPort } from '../record/relation-port.ts';
import { concealingWatch, type WatchPort } from '../record/watch-port.ts';
import { grantOf } from '../smart/scopes.ts';
import type { Caller, VerifyToken } from '../smart/token.ts';
import type { Call, PublicCall, Publish } from './call.ts';
import { type FoundRoute, findRoute } from './find-route.ts';
import { FHIR_JSON, negotiate } from './negotiation.ts';
import { outcomeOf } from './outcome.ts';
import { PLAIN_JSON, PROBLEM_JSON, problemOf } from './problem.ts';
import type { Reply } from './reply.ts';
import {
  type FhirRequest,
  firstSegmentOf,
  parseRequest,
  requestIdOf,
  requireBodySize,
} from './request.ts';
import { ROUTES } from './routes.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** What one login works with. */
export interface Session {
  readonly record: RecordPort;
  readonly page: PagePort;
  readonly consents: ConsentPort;
  readonly watch: WatchPort;
  readonly emergency: EmergencyPort;
  readonly ledger: LedgerPort;
  readonly erasures: ErasurePort;
  readonly corrections: CorrectionPort;
  readonly notes: NotePort;
  readonly clinical: ClinicalPort;
  /** All of the session read with its permits. */
  readonly charts: ChartsPort;
  readonly relations: RelationPort;
  readonly devices: DevicePort;
  readonly directoryWriter: DirectoryWriter;
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
  readonly openSession: (caller: Caller, purpose: Purpose) => Promise<Session>;
  /** Read with the API's own identity, so that nobody knows who asked. */
  readonly directory: DirectoryPort;
  readonly people: PeopleDirectory;
  /** Of the key that seals the cursors of next links. */
  readonly cursorKey: () => Promise<Uint8Array>;
  readonly login: LoginAddresses;
  /** Of the tickets of the live channel. */
  readonly liveKey: () => Promise<Uint8Array>;
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
      format: formatOf(firstSegmentOf(event, new URL(api.baseUrl).pathname)),
      contentType: FHIR_JSON,
    };
    const answer = withinSize(await answerSafely(api, event, trace), trace);
    const { requestId, method, route, organization, role } = trace;
    api.log({
      requestId,
      method,
      route,
      status: answer.status,
      durationMs: api.now() - startedMs,
      ...(organization === undefined ? {} : { organization }),
      ...(role === undefined ? {} : { role }),
      ...answer.log,
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

interface Answer extends Reply {
  readonly log: Pick<AccessLogEntry, 'code' | 'frames'>;
}

async function answerSafely(api: FhirApi, event: unknown, trace: Trace): Promise<Answer> {
  try {
    return { ...(await work(api, event, trace)), log: {} };
  } catch (error) {
    countDenial(api.metrics, error);
    return failed(error, trace);
  }
}

async function work(api: FhirApi, event: unknown, trace: Trace): Promise<Reply> {
  const request = parseRequest(event, new URL(api.baseUrl).pathname);
  trace.method = request.method;
  trace.correlationId = correlationIdOf(request);
  trace.contentType = trace.format === 'fhir' ? negotiate(request) : PLAIN_JSON;
  const found = findRoute(request);
  const { route } = found;
  trace.route = route.path;
  requireBodySize(request, route.maxBody);
  refuseTokenInAddress(request);
  const publicCall = await publicCallOf(api, request, found);
  if (route.access === 'public') return route.handle(publicCall);
  if (route.access === 'optional' && request.headers['authorization'] === undefined) {
    return route.handlePublic(publicCall);
  }
  const { caller, scope } = await api.verifyToken(request.headers['authorization']);
  trace.organization = caller.organization;
  trace.role = caller.role;
  const purpose = purposeOf(caller.role, request.headers['x-purpose-of-use']);
  const session = await api.openSession(caller, purpose);
  const { record, page, consents, watch, emergency, ledger, clinical, directoryWriter } = session;
  const { publish, now, liveKey } = api;
  const chart = new Chart({ port: clinical, charts: session.charts, purpose });
  const call: Call = {
    ...publicCall,
    caller,
    grant: grantOf(scope),
    record: concealing(record),
    page: concealingPage(page),
    consents: concealingConsents(consents),
    watch: concealingWatch(watch),
    emergency,
    ledger,
    erasures: session.erasures,
    corrections: session.corrections,
    notes: session.notes,
    chart,
    relations: concealingRelations(session.relations),
    devices: session.devices,
    directoryWriter,
    liveKey,
    publish,
    now,
    perform: (inner) => performInner(call, inner),
  };
  return route.handle(call);
}

async function publicCallOf(
  api: FhirApi,
  request: FhirRequest,
  { path }: FoundRoute,
): Promise<PublicCall> {
  const { baseUrl, directory, people, login, now } = api;
  const cursorKey = await api.cursorKey();
  return { request, path, baseUrl, directory, people, login, now, cursorKey };
}

/** A request within a Bundle: of the same caller, with the same rights, and only to FHIR. */
async function performInner(outer: Call, request: FhirRequest): Promise<Reply> {
  const { route, path } = findRoute(request);
  if (route.format === 'plain' || route.path === '') {
    throw new PulseError('not_supported', 'this address is not for entries of a Bundle');
  }
  requireBodySize(request, route.maxBody);
  return route.handle({ ...outer, request, path });
}

/** Addresses are written into logs on the way; a token in one is a token in many hands. */
function refuseTokenInAddress({ query }: FhirRequest): void {
  if (query.some(([name]) => /^(?:access_)?token$|^authorization$|^bearer$/i.test(name))) {
    throw new PulseError('unauthenticated', 'an access token goes into the Authorization header');
  }
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

function formatOf(firstSegment: string | undefined): Trace['format'] {
  return PLAIN_ROOTS.has(firstSegment) ? 'plain' : 'fhir';
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
    log: {
      code: known.code,
      ...(httpStatus >= 500 ? { frames: framesOf(error) } : {}),
    },
  };
}

/** Also what the caller is told does not exist, when the contract has refused it. */
function countDenial(metrics: MetricSink, error: unknown): void {
  let cause = error;
  while (deniedAs(cause) === undefined && cause instanceof Error) cause = cause.cause;
  const reason = deniedAs(cause);
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
  const hasBody = answer.text !== undefined || answer.resource !== undefined;
  const contentType = answer.text?.contentType ?? `${trace.contentType}; charset=utf-8`;
  return {
    statusCode: answer.status,
    headers: {
      ...(hasBody ? { 'content-type': contentType } : {}),
      ...SECURITY_HEADERS,
      'x-request-id': trace.requestId,
      'x-correlation-id': trace.correlationId ?? trace.requestId,
      ...answer.headers,
    },
    body: hasBody && trace.method !== 'HEAD' ? bodyOf(answer) : '',
  };
}

function bodyOf({ text, resource }: Reply): string {
  return text?.body ?? JSON.stringify(resource);
}

/** What a Lambda may answer with, with room for headers. */
const MAX_ANSWER_BYTES = 5_900_000;

function withinSize(answer: Answer, trace: Trace): Answer {
  if (answer.text === undefined && answer.resource === undefined) return answer;
  if (Buffer.byteLength(bodyOf(answer)) <= MAX_ANSWER_BYTES) return answer;
  return failed(new PulseError('too_costly'), trace);
}

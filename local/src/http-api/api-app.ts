import { PulseError } from '@pulseledger/domain';
import { type Context, Hono } from 'hono';
import type { z } from 'zod';
import { LambdaTimeoutError } from '../lambda-host/lambda-function.ts';
import { limitedBody } from '../limited-body.ts';
import { errorCode, type Logger } from '../process/logger.ts';
import type { RequireAdministrator } from './access-token.ts';
import { EnrolmentRequest, type Enrolments } from './enrolment.ts';
import { asPulseError, operationOutcome, problem } from './failure.ts';
import { httpApiEvent, httpResponse } from './http-event.ts';
import { RevocationRequest, type Revocations } from './revocation.ts';
import { Slots } from './slots.ts';

/** API Gateway takes 10 MB; this API takes questions and small resources. */
export const MAX_BODY_BYTES: number = 6 * 1024 * 1024;
const MAX_ENROLMENT_BYTES = 4 * 1024;
const MAX_REVOCATION_BYTES = 32 * 1024;
/** More at once gain nothing on one machine; a burst may wait. */
const DEFAULT_LIMITS = { running: 64, waiting: 512 };

const WELCOME = `Pulseledger, running locally.

GET /metadata                       what this FHIR R4 API offers
GET /Patient/{id}                   needs an access token
GET /Observation?patient={id}       needs an access token

Logins and a complete example are where you started it.
`;

export interface ApiOptions {
  readonly invoke: (event: unknown) => Promise<unknown>;
  readonly requireAdministrator: RequireAdministrator;
  readonly enrolments: Enrolments;
  readonly revocations: Revocations;
  readonly logger: Logger;
  readonly now?: () => number;
  /** Requests worked on at once, and waiting beyond that. */
  readonly limits?: { readonly running: number; readonly waiting: number };
}

/** The HTTP API: FHIR requests go to the Lambda function, enrolments stay here. */
export function apiApp(options: ApiOptions): Hono {
  const slots = new Slots(options.limits ?? DEFAULT_LIMITS);
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.header('x-content-type-options', 'nosniff');
  });
  app.onError((error) => {
    options.logger.log('error', 'request_failed', { code: errorCode(error) });
    return operationOutcome(asPulseError(error));
  });
  app.get('/', (c) => c.text(WELCOME));
  app.post(
    '/local/devices',
    limitedBody(MAX_ENROLMENT_BYTES, () => problem(tooLarge())),
    (c) => enrol(c, options),
  );
  app.post(
    '/local/devices/:deviceId/revoke',
    limitedBody(MAX_REVOCATION_BYTES, () => problem(tooLarge())),
    (c) => revoke(c, c.req.param('deviceId'), options),
  );
  app.all(
    '*',
    limitedBody(MAX_BODY_BYTES, () => operationOutcome(tooLarge())),
    (c) => forward(c, options, slots),
  );
  return app;
}

function tooLarge(): PulseError {
  return new PulseError('oversize', 'The body is larger than this API takes.');
}

async function forward(c: Context, options: ApiOptions, slots: Slots): Promise<Response> {
  try {
    const event = await httpApiEvent(c.req.raw, '127.0.0.1', (options.now ?? Date.now)());
    return httpResponse(await slots.run(() => options.invoke(event)));
  } catch (error) {
    if (!(error instanceof PulseError)) {
      options.logger.log('error', 'invocation_failed', { code: errorCode(error) });
    }
    return operationOutcome(
      error instanceof LambdaTimeoutError ? new PulseError('timeout') : asPulseError(error),
    );
  }
}

/** The body as the schema has it. @throws PulseError `invalid_input` naming the fields, never their values */
async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'the body');
  throw new PulseError('invalid_input', `Not as expected: ${[...new Set(fields)].join(', ')}.`);
}

async function enrol(c: Context, options: ApiOptions): Promise<Response> {
  try {
    const claims = await options.requireAdministrator(c.req.header('authorization'));
    const request = await bodyOf(c, EnrolmentRequest);
    return c.json(await options.enrolments.enrol(claims, request), 201);
  } catch (error) {
    const failure = asPulseError(error);
    options.logger.log('warn', 'enrolment_failed', { code: failure.code });
    return problem(failure);
  }
}

async function revoke(c: Context, deviceId: string, options: ApiOptions): Promise<Response> {
  try {
    const claims = await options.requireAdministrator(c.req.header('authorization'));
    const request = await bodyOf(c, RevocationRequest);
    await options.revocations.revoke(claims, deviceId, request);
    return c.body(null, 204);
  } catch (error) {
    const failure = asPulseError(error);
    options.logger.log('warn', 'revocation_failed', { code: failure.code });
    return problem(failure);
  }
}

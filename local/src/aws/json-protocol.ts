import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { ZodError } from 'zod';
import { limitedBody } from '../limited-body.ts';
import { AwsError } from './aws-error.ts';
import type { LocalRole } from './role.ts';
import type { SignatureVerifier } from './signature.ts';

export interface OperationCall {
  readonly input: unknown;
  readonly role: LocalRole;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

export type JsonOperation = (call: OperationCall) => Promise<object | undefined>;

export interface JsonService {
  /** What stands before the dot in the `X-Amz-Target` header. */
  readonly target: string;
  readonly contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  readonly errorNamespace: string;
  readonly operations: ReadonlyMap<string, JsonOperation>;
  readonly verifier: SignatureVerifier;
  readonly maxBodyBytes: number;
}

/** Serves an AWS JSON 1.0 or 1.1 service: one path, the operation named in a header. */
export function jsonServiceApp(service: JsonService): Hono {
  const app = new Hono();
  const tooLarge = (c: Context): Response =>
    errorResponse(c, service, new AwsError('RequestEntityTooLarge', 'Body too large.', 413));
  app.post('*', limitedBody(service.maxBodyBytes, tooLarge), async (c) => {
    try {
      return await answer(c, service);
    } catch (error) {
      return errorResponse(c, service, asAwsError(error));
    }
  });
  return app;
}

async function answer(c: Context, service: JsonService): Promise<Response> {
  const request = c.req.raw;
  const body = new Uint8Array(await request.arrayBuffer());
  const role = await service.verifier.verify({
    method: request.method,
    url: new URL(request.url),
    headers: request.headers,
    body,
  });
  const [target, name] = (request.headers.get('x-amz-target') ?? '').split('.');
  const operation = target === service.target ? service.operations.get(name ?? '') : undefined;
  if (operation === undefined) {
    throw new AwsError('UnknownOperationException', 'The local service has no such operation.');
  }
  const output = await operation({ input: parseJson(body), role, signal: request.signal });
  return c.body(output === undefined ? '' : JSON.stringify(output), 200, {
    'content-type': service.contentType,
    'x-amzn-requestid': randomUUID(),
  });
}

function parseJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return value;
  } catch {
    throw new AwsError('SerializationException', 'The body is not JSON.');
  }
}

/** Never carries what the caller sent, nor a stack: only which field is wrong. */
export function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof ZodError) {
    const fields = error.issues.map((issue) => issue.path.join('.') || 'the request');
    return new AwsError('InvalidParameterValue', `Invalid: ${fields.join(', ')}.`);
  }
  return new AwsError('InternalFailure', 'The local service failed; see its log.', 500);
}

function errorResponse(c: Context, service: JsonService, error: AwsError): Response {
  c.header('x-amzn-requestid', randomUUID());
  if (error.queryCode !== undefined) {
    const fault = error.status < 500 ? 'Sender' : 'Receiver';
    c.header('x-amzn-query-error', `${error.queryCode};${fault}`);
  }
  const body = { __type: `${service.errorNamespace}#${error.code}`, message: error.message };
  return new Response(JSON.stringify(body), {
    status: error.status,
    headers: { ...Object.fromEntries(c.res.headers), 'content-type': service.contentType },
  });
}

import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { z } from 'zod';

const ACCOUNT = '000000000000';

/**
 * The request as an HTTP API event, payload format 2.0
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html):
 * header names in lower case, several values of one header or parameter joined by commas.
 */
export async function httpApiEvent(
  request: Request,
  sourceIp: string,
  nowMs: number,
): Promise<APIGatewayProxyEventV2> {
  const url = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  const headers = Object.fromEntries(
    [...request.headers].filter(([name]) => name.toLowerCase() !== 'cookie'),
  );
  const parameters = joinedParameters(url.searchParams);
  const cookies = request.headers.get('cookie')?.split('; ');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    ...(cookies === undefined ? {} : { cookies }),
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      domainName: url.hostname,
      domainPrefix: 'local',
      http: {
        method: request.method,
        path: url.pathname,
        protocol: 'HTTP/1.1',
        sourceIp,
        userAgent: request.headers.get('user-agent') ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowMs).toUTCString(),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : bodyOf(body, request.headers.get('content-type') ?? '')),
    isBase64Encoded: body.length > 0 && !isText(request.headers.get('content-type') ?? ''),
  };
}

function bodyOf(body: Buffer, contentType: string): { body: string } {
  return { body: body.toString(isText(contentType) ? 'utf8' : 'base64') };
}

function isText(contentType: string): boolean {
  return /^(text\/|application\/(.+\+)?(json|xml)|application\/x-www-form-urlencoded)/i.test(
    contentType,
  );
}

function joinedParameters(query: URLSearchParams): Record<string, string> | undefined {
  const names = new Set(query.keys());
  if (names.size === 0) return undefined;
  return Object.fromEntries([...names].map((name) => [name, query.getAll(name).join(',')]));
}

interface StructuredResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
  readonly cookies: readonly string[];
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
}

const structured: z.ZodType<StructuredResult> = z.object({
  statusCode: z.int().min(200).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
});

/** Statuses that may not have a body (RFC 9110). */
const WITHOUT_BODY = [204, 205, 304];

/**
 * What the function returned, as a response. Without a `statusCode` the API answers 200 with the value as
 * JSON, as API Gateway infers it.
 *
 * @throws ZodError when it has one but is malformed
 */
export function httpResponse(result: unknown): Response {
  const isStructured = typeof result === 'object' && result !== null && 'statusCode' in result;
  if (!isStructured) return Response.json(result ?? null);
  const parsed = structured.parse(result);
  const { statusCode, cookies } = parsed;
  const headers = new Headers(
    Object.entries(parsed.headers).map(([name, value]) => [name, String(value)]),
  );
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  const body = WITHOUT_BODY.includes(statusCode) ? null : bytesOf(parsed);
  return new Response(body, { status: statusCode, headers });
}

function bytesOf({ body, isBase64Encoded }: StructuredResult): Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  return new Uint8Array(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

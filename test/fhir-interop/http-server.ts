/** The API behind a real HTTP port on this machine, over the record in memory: for programs that speak HTTP only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import { type ApiOptions, type TestApi, testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import type { MemoryRecord } from '../../lambdas/fhir-api/src/testing/memory-record.ts';

export interface ServedApi {
  readonly baseUrl: string;
  readonly api: TestApi;
  /** Everything that was answered since it was last emptied. */
  readonly answers: Answered[];
  readonly close: () => Promise<void>;
}

export interface Answered {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

/** Bearer tokens are the callers' subjects. */
export async function serveApi(
  record: MemoryRecord,
  callers: readonly Caller[],
  options: Omit<ApiOptions, 'baseUrl'> = {},
): Promise<ServedApi> {
  const answers: Answered[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${portOf(server)}/fhir`;
  const api = testApi(record, callers, { ...options, baseUrl });
  server.on('request', (request, response) => {
    void answer(api, answers, request, response);
  });
  return { baseUrl, api, answers, close: () => closed(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return (address satisfies AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

async function answer(
  api: TestApi,
  answers: Answered[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { statusCode = 500, headers = {}, body = '' } = await api.handle(await eventOf(request));
  answers.push({ path: request.url ?? '', status: statusCode, text: body });
  response.writeHead(
    statusCode,
    Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
  );
  response.end(body);
}

async function eventOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  const [rawPath = '', rawQueryString = ''] = (request.url ?? '').split('?');
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: Buffer.concat(chunks).toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'r-1', http: { method: request.method ?? 'GET' } },
  };
}

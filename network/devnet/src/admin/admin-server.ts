import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ZodError } from 'zod';
import { writePrivate } from '../../../identity/src/index.ts';
import type { DevnetControl, StreamingControl } from '../control/control.ts';
import { ControlError } from '../control/errors.ts';
import { HOST } from '../ports.ts';
import { type AdminFile, DUMP_VERB, LOAD_VERB, PATH_PREFIX, WHAT } from './protocol.ts';
import { VERBS } from './verbs.ts';

const TOKEN_BYTES = 32;
const MAX_BODY_BYTES = 1024 * 1024;

export interface AdminServerOptions {
  readonly control: StreamingControl;
  /** Where to write how to reach the endpoint, for the owner only. */
  readonly file: string;
  /** 0 = a free one. */
  readonly port: number;
}

export interface AdminServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function readsToken(request: IncomingMessage, token: string): boolean {
  const given = request.headers.authorization ?? '';
  return timingSafeEqual(digest(given), digest(`Bearer ${token}`));
}

/** Undefined, which no verb takes, when it is none. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusal(error: unknown): Answer {
  if (error instanceof ControlError) return { status: 409, body: { error: error.message } };
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    const where = issue?.path.join('.') ?? '';
    const text = `The request is not right${where === '' ? '' : ` at ${where}`}: ${issue?.message ?? 'no JSON object'}.`;
    return { status: 400, body: { error: text } };
  }
  if (error instanceof SyntaxError)
    return { status: 400, body: { error: 'The request is no JSON.' } };
  const reason = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { error: `The network could not do it: ${reason}` } };
}

async function handleVerb(
  control: DevnetControl,
  name: string,
  request: IncomingMessage,
): Promise<Answer> {
  const verb = VERBS.get(name);
  if (verb === undefined) {
    const known = [...VERBS.keys(), DUMP_VERB, LOAD_VERB].join(', ');
    return { status: 404, body: { error: `There is no verb of that name. There are: ${known}.` } };
  }
  const length = Number(request.headers['content-length'] ?? 'none');
  if (!(length <= MAX_BODY_BYTES)) {
    const error = `A request has a length, at most ${MAX_BODY_BYTES} bytes.`;
    return { status: 413, body: { error } };
  }
  return { status: 200, body: await verb(control, parseJson(await text(request))) };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function handle(
  options: AdminServerOptions,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '';
  if (request.method === 'GET' && path === '/') {
    send(response, { status: 200, body: { what: WHAT } });
    return;
  }
  if (!readsToken(request, token)) {
    const error = `This is the ${WHAT}. Send the token of its file admin.json.`;
    send(response, { status: 401, body: { error } });
    return;
  }
  const { control } = options;
  const name = path.startsWith(PATH_PREFIX) ? path.slice(PATH_PREFIX.length) : '';
  if (request.method === 'POST' && name === DUMP_VERB) {
    const dump = await control.dumpStream();
    response.writeHead(200, { 'content-type': 'application/gzip' });
    await pipeline(dump, response);
    return;
  }
  if (request.method === 'POST' && name === LOAD_VERB) {
    await control.loadStream(request);
    send(response, { status: 200, body: { done: true } });
    return;
  }
  send(response, await handleVerb(control, name, request));
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/**
 * Offers a network's control on the loopback interface to whoever can read the file of its token. Never for a network that
 * holds anything real: with it, everybody is everybody.
 *
 * @throws Error when the port is taken or the file cannot be written.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const server = createServer((request, response) => {
    handle(options, token, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, refusal(error));
    });
  });
  server.listen({ port: options.port, host: HOST });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const url = `http://${HOST}:${port}`;
  const content: AdminFile = { what: WHAT, url, token };
  await writePrivate(options.file, `${JSON.stringify(content, null, 2)}\n`);
  const close = async (): Promise<void> => {
    await stop(server);
    await rm(options.file, { force: true });
  };
  return { url, close };
}

import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The only authority that is trusted; needed for https. */
  readonly caPem?: string;
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request, on a connection of its own. @throws Error of the connection */
export function send(url: string, asked: HttpRequest = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body = '', caPem, timeoutMs = TIMEOUT_MS } = asked;
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { method, headers: { ...headers, ...length }, timeout: timeoutMs, agent: false };
  const sent = url.startsWith('https:')
    ? tlsRequest(url, { ...options, ca: caPem ?? [] })
    : plainRequest(url, options);
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) sent.destroy(new Error('the answer is too long'));
      else parts.push(part);
    });
    response.on('error', reject);
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') });
    });
  });
  sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)));
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { listenOnLoopback } from '../../../local/src/loopback-server.ts';

/** What is to become of an answer: given on, or the connection dropped instead. */
export type Fate = 'give' | 'drop';

/** Told of each call before it is passed on, and of each answer before it is given. */
export type Witness = (moment: string) => Promise<Fate> | Fate;

export interface ProxyOptions {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** The real peer. */
  readonly endpoint: string;
  readonly serverName: string;
  readonly caPem: string;
  readonly witness: Witness;
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
}

/**
 * Stands between a Gateway client and its peer and knows which unary call is under way, so that a test can stop,
 * drop or kill exactly there. What passes is not changed.
 */
export class GatewayProxy {
  readonly calls = new Map<string, number>();
  readonly #options: ProxyOptions;
  readonly #server: Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  #upstream: ClientHttp2Session | undefined;
  #port = 0;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createSecureServer({ cert: options.certificatePem, key: options.privateKeyPem });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => undefined);
      session.on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      void this.#serve(stream, headers);
    });
  }

  static async start(options: ProxyOptions): Promise<GatewayProxy> {
    const proxy = new GatewayProxy(options);
    proxy.#port = await listenOnLoopback(proxy.#server, 0);
    return proxy;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  count(method: string): number {
    return this.calls.get(method) ?? 0;
  }

  async close(): Promise<void> {
    this.#upstream?.destroy();
    for (const session of this.#sessions) session.destroy();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    await promise;
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const method = headers[':path']?.split('/').at(-1) ?? '';
    this.calls.set(method, this.count(method) + 1);
    try {
      if ((await this.#options.witness(`${method} called`)) === 'drop') {
        stream.session?.destroy();
        return;
      }
      const answer = await this.#ask(stream, headers);
      if ((await this.#options.witness(`${method} answered`)) === 'drop') stream.session?.destroy();
      else give(stream, answer);
    } catch {
      // The peer is away: so is this.
      stream.session?.destroy();
    }
  }

  #ask(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call = this.#peer().request({ ...headers, ':authority': this.#options.serverName });
    let answered: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders | undefined;
    const parts: Buffer[] = [];
    call.on('response', (found) => (answered = found));
    call.on('trailers', (found: IncomingHttpHeaders) => (trailers = found));
    call.on('data', (part: Buffer) => parts.push(part));
    call.on('error', reject);
    call.on('close', () => {
      resolve({ headers: answered, body: Buffer.concat(parts), trailers });
    });
    stream.pipe(call);
    stream.on('aborted', () => {
      call.close(constants.NGHTTP2_CANCEL);
    });
    return promise;
  }

  #peer(): ClientHttp2Session {
    const known = this.#upstream;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const { endpoint, caPem, serverName } = this.#options;
    const session = connect(`https://${endpoint}`, { ca: caPem, servername: serverName });
    session.on('error', () => undefined);
    this.#upstream = session;
    return session;
  }
}

function give(stream: ServerHttp2Stream, { headers, body, trailers }: Answer): void {
  if (stream.destroyed) return;
  if (trailers === undefined) {
    stream.respond(headers, { endStream: true });
    return;
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailers);
  });
  stream.end(body);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxyServer, type ProxyServer } from 'httpxy';
import { errorCode, type Logger } from '../process/logger.ts';

/** Below these paths the page's origin answers for others; CloudFront has the same behaviours. */
export const API_PATH = '/api';
export const LIVE_PATH = '/live';

export interface ForwarderOptions {
  readonly apiUrl: string;
  /** With its path. */
  readonly issuerUrl: string;
  readonly liveUrl: string;
  readonly caPem: string;
  readonly logger: Logger;
}

/** Forwards requests of the page to the API and the issuer, and its WebSockets to the live channel. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #proxy: ProxyServer = createProxyServer({ xfwd: true });
  readonly #agent: Agent;
  readonly #sockets = new Set<Duplex>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#agent = new Agent({ ca: options.caPem, keepAlive: true });
    // The issuer is reached by TLS, so it sends browsers to https; the page's own origin has none on this machine.
    this.#proxy.on('proxyRes', ({ headers }) => {
      const { location } = headers;
      if (location !== undefined)
        headers.location = location.replace(/^https:\/\/localhost:/, 'http://localhost:');
    });
  }

  /** The API knows no prefix. */
  api(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').slice(API_PATH.length);
    return this.#forward(request, response, this.#options.apiUrl, path);
  }

  /** The issuer has the same path here and there. */
  issuer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = new URL(this.#options.issuerUrl);
    return this.#forward(request, response, origin, request.url ?? '/');
  }

  live(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== LIVE_PATH || !(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const target = this.#options.liveUrl;
    this.#proxy.ws(request, socket, { target }, head).catch((error: unknown) => {
      this.#failed(error);
      socket.destroy();
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
  }

  async #forward(
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
    path: string,
  ): Promise<void> {
    request.url = path === '' ? '/' : path;
    try {
      await this.#proxy.web(request, response, { target, agent: this.#agent });
    } catch (error) {
      this.#failed(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { 'content-type': 'text/plain' }).end('Not reachable now.\n');
    }
  }

  #failed(error: unknown): void {
    this.#options.logger.log('warn', 'request_failed', { code: errorCode(error) });
  }
}

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { z } from 'zod';

/** Nothing of the local cloud is reachable from another machine. */
export const LOOPBACK = '127.0.0.1';

/** API Gateway allows 10,240 bytes of request line and headers; a little more leaves the answer to it. */
const MAX_HEADER_BYTES = 12 * 1024;
const MAX_CONNECTIONS = 1_000;
const MAX_REQUESTS_PER_CONNECTION = 100_000;
/** Longer than the SDK clients keep a socket, so that it is never closed under a new request. */
const KEEP_ALIVE_MS = 65_000;

/** How patient a server is with somebody who sends slowly, or does not take the answer. */
export interface Patience {
  /** For the TLS handshake. */
  readonly handshakeMs: number;
  readonly headersMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** For a connection on which nothing moves at all. */
  readonly silenceMs: number;
  /** How often a server looks for those who are over their time; Node's own 30 s would double them. */
  readonly checkMs: number;
}

const PATIENCE: Patience = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 90_000,
  checkMs: 1_000,
};

export interface TlsKeys {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export const tlsKeysSchema: z.ZodType<TlsKeys> = z.strictObject({
  certificatePem: z.string(),
  privateKeyPem: z.string(),
});

export interface RunningServer {
  readonly port: number;
  /** `http://127.0.0.1:port` or `https://…`. */
  readonly origin: string;
  /** Takes WebSockets; without it they are refused. */
  onUpgrade(take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
  /** Stops taking requests and waits for those under way. */
  close(): Promise<void>;
}

/** An application as hono makes it, whatever it wants to know of its server. */
export type Servable = { readonly fetch: Hono<{ Bindings: HttpBindings }>['fetch'] };

/**
 * Serves a Hono application on loopback with limits on time, headers and connections.
 *
 * @param port 0 chooses a free one
 * @throws the system's error with `code` EADDRINUSE when the port is taken
 */
export async function serveLoopback(
  app: Servable,
  port = 0,
  tls?: TlsKeys,
  patience: Patience = PATIENCE,
): Promise<RunningServer> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    connectionsCheckingInterval: patience.checkMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const handle = (...args: Parameters<typeof listener>): void => void listener(...args);
  const server =
    tls === undefined
      ? createServer(limits, handle)
      : createTlsServer(
          {
            ...limits,
            cert: tls.certificatePem,
            key: tls.privateKeyPem,
            minVersion: 'TLSv1.2',
            handshakeTimeout: patience.handshakeMs,
          },
          handle,
        );
  server.timeout = patience.silenceMs;
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  const bound = await listenOnLoopback(server, port);
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    port: bound,
    origin: `${scheme}://${LOOPBACK}:${bound}`,
    onUpgrade: (take) => {
      server.on('upgrade', take);
    },
    close: () => close(server),
  };
}

/** Listens on loopback only and resolves with the port. @throws the system's error, e.g. EADDRINUSE */
export function listenOnLoopback(server: NetServer, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
    server.off('error', reject);
    const address: AddressInfo | string | null = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : port);
  });
  return promise;
}

function close(server: Server | TlsServer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => {
    resolve(undefined);
  });
  server.closeIdleConnections();
  return promise;
}

import { connect, createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK, listenOnLoopback } from '../../loopback-server.ts';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** What a disturbance met. */
export interface Disturbed {
  /** Connections that were reset. */
  readonly connections: number;
  /** Bytes of answers that were on their way and never arrived. */
  readonly droppedBytes: number;
}

/**
 * A way between two parts that can be disturbed: forwards TCP connections on loopback unchanged, until it is told
 * to hold the answers back or to reset everything. TLS goes through it as it is.
 */
export class Forwarder {
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  readonly #targetPort: () => number;
  #port = 0;
  #isHolding = false;
  #heldBytes = 0;

  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => {
      this.#join(client);
    });
  }

  /** @param targetPort asked at every connection, because it may be known later than the own port */
  static async start(targetPort: () => number): Promise<Forwarder> {
    const forwarder = new Forwarder(targetPort);
    forwarder.#port = await listenOnLoopback(forwarder.#server, 0);
    return forwarder;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Answer bytes held back since {@link holdAnswers}. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** From now on requests still arrive, but nothing comes back; ends with {@link reset}. */
  holdAnswers(): void {
    this.#isHolding = true;
  }

  /** Resets all connections, throws away what was held back, and lets new connections work again. */
  reset(): Disturbed {
    const disturbed = { connections: this.#pairs.size, droppedBytes: this.#heldBytes };
    this.#isHolding = false;
    this.#heldBytes = 0;
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.#pairs.clear();
    return disturbed;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    this.reset();
    await promise;
  }

  #join(client: Socket): void {
    const server = connect({ host: LOOPBACK, port: this.#targetPort() });
    const pair = { client, server };
    this.#pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.pipe(server);
    server.on('data', (bytes) => {
      this.#answer(pair, bytes);
    });
    server.once('end', () => {
      if (!this.#isHolding) client.end();
    });
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#part(pair);
      });
    }
  }

  #answer({ client, server }: Pair, bytes: Buffer): void {
    if (this.#isHolding) {
      this.#heldBytes += bytes.length;
      return;
    }
    if (client.write(bytes)) return;
    server.pause();
    client.once('drain', () => server.resume());
  }

  #part({ client, server }: Pair): void {
    for (const pair of this.#pairs) if (pair.client === client) this.#pairs.delete(pair);
    // What one side has written is still delivered to the other before it ends.
    if (client.destroyed) server.destroySoon();
    else client.destroySoon();
  }
}

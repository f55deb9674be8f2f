import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A forward proxy between a browser and the page, whose connections can be cut, as a phone's in a lift. */
export class CutProxy {
  readonly #server: Server = createServer();
  readonly #sockets = new Set<Duplex>();
  #isCut = false;

  /** @returns its address, for the browser */
  async start(): Promise<string> {
    this.#server.on('connection', (socket: Socket) => {
      this.#keep(socket);
      if (this.#isCut) socket.destroy();
    });
    this.#server.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
      this.#forward(asked, answer);
    });
    this.#server.on('connect', (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#tunnel(asked.url ?? '', socket, head);
    });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.listen(0, '127.0.0.1', () => {
      resolve(undefined);
    });
    await promise;
    const address = this.#server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return `http://127.0.0.1:${port}`;
  }

  /** Ends every connection, and lets no new one through until `heal`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #keep(socket: Duplex): void {
    // One connection serves many requests.
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #forward(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, headers } = asked;
    const onward = request(asked.url ?? '', { method, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    onward.on('socket', (socket) => {
      this.#keep(socket);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  }

  /** WebSockets come as tunnels. */
  #tunnel(authority: string, socket: Duplex, head: Buffer): void {
    const { hostname, port } = new URL(`http://${authority}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    this.#keep(onward);
    this.#keep(socket);
    onward.once('close', () => socket.destroy());
    socket.once('close', () => onward.destroy());
  }
}

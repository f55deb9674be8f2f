import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes, type AedesPublishPacket } from 'aedes';
import type { TestAuthority } from './certificates.ts';

/** What a broker asks before it lets anybody in or takes anything. */
export interface BrokerPolicy {
  readonly isRevoked: (clientId: string) => boolean;
  readonly mayPublish: (clientId: string, topic: string, payload: Uint8Array) => boolean;
}

const LENIENT: BrokerPolicy = { isRevoked: () => false, mayPublish: () => true };

/** A broker with client certificates that can be killed and come back on the same port. */
export class FakeBroker {
  readonly #authority: TestAuthority;
  readonly #onPublish: (topic: string, payload: Uint8Array, clientId: string) => void;
  readonly #policy: BrokerPolicy;
  readonly #sockets: Set<TLSSocket> = new Set<TLSSocket>();
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor(
    authority: TestAuthority,
    onPublish: (topic: string, payload: Uint8Array, clientId: string) => void,
    policy: BrokerPolicy = LENIENT,
  ) {
    this.#authority = authority;
    this.#onPublish = onPublish;
    this.#policy = policy;
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authenticate: (client, _user, _password, done) => {
        const certificate = this.#certificateName(client.conn);
        done(null, certificate === client.id && !this.#policy.isRevoked(client.id));
      },
      authorizePublish: (client, packet, done) => {
        const id = client?.id;
        const isFine =
          id === undefined || this.#policy.mayPublish(id, packet.topic, payloadOf(packet));
        done(isFine ? null : new Error('not allowed'));
      },
      published: (packet, client, done) => {
        // Aedes calls this for its own messages too, without a client, whatever its types say.
        if (isClient(client)) this.#onPublish(packet.topic, payloadOf(packet), client.id);
        done();
      },
    });
    const { caPem: ca, serverKeyPem: key, serverCertificatePem: cert } = this.#authority;
    const options = { ca, key, cert, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      aedes.handle(socket);
    });
    server.on('tlsClientError', () => undefined);
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#aedes = aedes;
    this.#server = server;
  }

  #certificateName(connection: unknown): string | undefined {
    for (const socket of this.#sockets) {
      if (socket === connection) return String(socket.getPeerCertificate().subject.CN);
    }
    return undefined;
  }

  /** Send to whoever subscribed. */
  send(topic: string, message: unknown): void {
    this.#aedes?.publish(
      {
        cmd: 'publish',
        qos: 1,
        dup: false,
        retain: false,
        topic,
        payload: Buffer.from(JSON.stringify(message)),
      },
      () => undefined,
    );
  }

  /** Cut the connections of one device. */
  cutDevice(deviceId: string): void {
    for (const socket of this.#sockets) {
      if (this.#certificateName(socket) === deviceId) socket.destroy();
    }
  }

  /** Cut every connection, but go on listening. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server?.close(() => {
      resolve(undefined);
    });
    this.cut();
    if (this.#server !== undefined) await promise;
    this.#server = undefined;
    const aedes = this.#aedes;
    this.#aedes = undefined;
    await new Promise<void>((done) => {
      if (aedes === undefined) done();
      else aedes.close(done);
    });
  }
}

function payloadOf({ payload }: Pick<AedesPublishPacket, 'payload'>): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function isClient(client: unknown): boolean {
  return client !== null && client !== undefined;
}

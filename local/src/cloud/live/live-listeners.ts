import { createServer, type Server } from 'node:http';
import { Aedes, type Client } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { z } from 'zod';
import { listenOnLoopback } from '../../loopback-server.ts';
import { IotPolicy } from './iot-policy.ts';

const MAX_CONNECTIONS = 500;
/** A page sends CONNECT, SUBSCRIBE and pings. */
const MAX_FRAME_BYTES = 32 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_KEEP_ALIVE_SECONDS = 1_200;

const Authorization = z.object({
  isAuthenticated: z.boolean(),
  disconnectAfterInSeconds: z.number(),
  policyDocuments: z.array(z.string()),
});

export interface LiveOptions {
  readonly port: number;
  /** The custom authorizer's function. */
  readonly authorize: (event: object) => Promise<unknown>;
  /** `arn:aws:iot:<region>:<account>`. */
  readonly arn: string;
}

/**
 * The live channel: pages listen to value-free hints by MQTT over WebSocket. As with AWS IoT Core, a custom authorizer says
 * who may hear what, and for how long; nobody may publish.
 */
export class LiveListeners {
  readonly #options: LiveOptions;
  readonly #policies = new Map<Client, IotPolicy>();
  readonly #timers = new Map<Client, NodeJS.Timeout>();
  readonly #server: Server = createServer((_request, response) => {
    response.writeHead(426).end();
  });
  readonly #sockets = new WebSocketServer({
    server: this.#server,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('mqtt') ? 'mqtt' : false),
  });
  readonly #aedes: Aedes;
  #port = 0;

  /** Use `LiveListeners.start`. */
  constructor(options: LiveOptions) {
    this.#options = options;
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#aedes = new Aedes({
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepaliveLimit: MAX_KEEP_ALIVE_SECONDS,
      authenticate: (client, _user, password, done) => {
        this.#authenticate(client, password ?? Buffer.alloc(0)).then(
          (isAllowed) => {
            done(null, isAllowed);
          },
          () => {
            done(null, false);
          },
        );
      },
      authorizePublish: (_client, _packet, done) => {
        done(new Error('publish_denied'));
      },
      authorizeSubscribe: (client, subscription, done) => {
        const allowed = this.#mayHear(client, subscription.topic);
        if (allowed) done(null, subscription);
        else done(new Error('subscribe_denied'));
      },
    });
    this.#sockets.on('connection', (socket) => {
      const stream = createWebSocketStream(socket);
      stream.on('error', () => undefined);
      const client = this.#aedes.handle(stream);
      stream.once('close', () => {
        this.#forget(client);
      });
    });
  }

  /** @throws the system's error with `code` EADDRINUSE when the port is taken */
  static async start(options: LiveOptions): Promise<LiveListeners> {
    const listeners = new LiveListeners(options);
    await listeners.#aedes.listen();
    listeners.#port = await listenOnLoopback(listeners.#server, options.port);
    return listeners;
  }

  get port(): number {
    return this.#port;
  }

  /** Tells whoever listens; a page that is away asks the API when it is back. */
  tell(topic: string, payload: Uint8Array): void {
    const message = { cmd: 'publish', qos: 0, dup: false, retain: false } as const;
    this.#aedes.publish({ ...message, topic, payload: Buffer.from(payload) }, () => undefined);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const socket of this.#sockets.clients) socket.terminate();
    const closed = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      closed.resolve(undefined);
    });
    const ended = Promise.withResolvers<undefined>();
    this.#aedes.close(() => {
      ended.resolve(undefined);
    });
    await Promise.all([closed.promise, ended.promise]);
  }

  async #authenticate(client: Client, password: Buffer): Promise<boolean> {
    const mqtt = { clientId: client.id, username: '', password: password.toString('base64') };
    const event = { protocolData: { mqtt } };
    const answer = Authorization.parse(await this.#options.authorize(event));
    const policy = new IotPolicy(answer.policyDocuments);
    const own = `${this.#options.arn}:client/${client.id}`;
    if (!answer.isAuthenticated || !policy.allows('iot:Connect', own)) return false;
    this.#policies.set(client, policy);
    const end = setTimeout(() => {
      client.close();
    }, answer.disconnectAfterInSeconds * 1_000);
    end.unref();
    this.#timers.set(client, end);
    return true;
  }

  #mayHear(client: Client, topic: string): boolean {
    const policy = this.#policies.get(client);
    const { arn } = this.#options;
    return (
      policy?.allows('iot:Subscribe', `${arn}:topicfilter/${topic}`) === true &&
      policy.allows('iot:Receive', `${arn}:topic/${topic}`)
    );
  }

  #forget(client: Client): void {
    clearTimeout(this.#timers.get(client));
    this.#timers.delete(client);
    this.#policies.delete(client);
  }
}

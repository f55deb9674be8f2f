import type { X509Certificate } from 'node:crypto';
import type { Server, TLSSocket } from 'node:tls';
import type { IngestMessage } from '@pulseledger/domain';
import { certificateFingerprint } from '@pulseledger/network/identity';
import { Aedes, type Client, type PublishPacket, type Subscription } from 'aedes';
import { listenOnLoopback, type TlsKeys } from '../../loopback-server.ts';
import { ConnectionThrottle } from './connection-throttle.ts';
import { DevicePolicy } from './device-policy.ts';
import { createDeviceServer, meterPackets, type TlsRefusal } from './device-server.ts';
import { MAX_PAYLOAD_BYTES } from './packet-meter.ts';
import { type DeviceAuthority, RevocationRegistry } from './revocation-registry.ts';
import { SessionStore } from './session-store.ts';
import { applyIngestRule } from './topic-rule.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** AWS IoT Core: 1,200 s. A connection without keep-alive could stay half-open for ever. */
const MAX_KEEP_ALIVE_SECONDS = 1_200;
/** A revoked device that is connected is cut within this time. */
const REVOCATION_CHECK_MS = 2_000;
const HOUSEKEEPING_MS = 60_000;

/** What happens at the door; counted, and logged without saying who. */
export type BrokerEvent =
  | 'connected'
  | TlsRefusal
  | 'client_id_refused'
  | 'revoked'
  | 'publish_denied'
  | 'subscribe_denied'
  | 'packet_too_long'
  | 'enqueue_failed';

export interface BrokerOptions {
  readonly port: number;
  readonly tls: TlsKeys;
  readonly deviceAuthorities: readonly DeviceAuthority[];
  /** Resolves once the message is durable; only then the device gets its PUBACK. */
  readonly enqueue: (message: IngestMessage) => Promise<void>;
  readonly onEvent?: (event: BrokerEvent) => void;
  readonly now?: () => number;
}

interface Connection {
  readonly deviceId: string;
  readonly principal: string;
  readonly certificate: X509Certificate;
  readonly policy: DevicePolicy;
  readonly throttle: ConnectionThrottle;
}

/**
 * The MQTT broker for devices: mutual TLS, one policy a device, and a PUBACK that means "durably queued".
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #revocations: RevocationRegistry;
  readonly #sessions = new SessionStore();
  readonly #connections = new Map<Client, Connection>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #aedes: Aedes;
  readonly #server: Server;
  #port = 0;

  /** Use `Broker.start`. */
  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#revocations = new RevocationRegistry(options.deviceAuthorities);
    this.#aedes = this.#createAedes();
    this.#server = createDeviceServer(options.tls, options.deviceAuthorities, {
      onSocket: (socket, certificate, deviceId) => {
        this.#welcome(socket, certificate, deviceId);
      },
      onRefused: (why) => {
        this.#report(why);
      },
    });
  }

  /** @throws the system's error with `code` EADDRINUSE when the port is taken */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
    await broker.#revocations.refresh();
    await broker.#aedes.listen();
    broker.#port = await listenOnLoopback(broker.#server, options.port);
    broker.#every(REVOCATION_CHECK_MS, () => broker.checkRevocations());
    broker.#every(HOUSEKEEPING_MS, () => broker.#sessions.expire(broker.#now()));
    return broker;
  }

  get port(): number {
    return this.#port;
  }

  /** Sends a message to whoever is subscribed; resolves when the broker has taken it. */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const packet = {
      cmd: 'publish',
      topic,
      qos,
      payload: Buffer.from(payload),
      dup: false,
      retain: false,
    } as const;
    this.#aedes.publish(packet, (error) => {
      if (error) reject(error);
      else resolve(undefined);
    });
    return promise;
  }

  /** Reads the revocation lists and cuts every connection whose certificate no longer counts. */
  async checkRevocations(): Promise<void> {
    if (!(await this.#revocations.refresh())) return;
    for (const [client, { certificate }] of this.#connections) {
      if (!this.#revocations.isRevoked(certificate)) continue;
      this.#report('revoked');
      client.close();
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
    const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      stop(undefined);
    });
    this.#aedes.close(() => {
      end(undefined);
    });
    await ended;
    for (const client of this.#connections.keys()) client.close();
    await stopped;
  }

  #createAedes(): Aedes {
    return new Aedes({
      persistence: this.#sessions,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepaliveLimit: MAX_KEEP_ALIVE_SECONDS,
      authenticate: (client, _user, _password, done) => {
        done(null, this.#mayConnect(client));
      },
      // aedes sends the PUBACK after this callback and before it publishes (lib/handlers/publish.js).
      authorizePublish: (client, packet, done) => {
        this.#take(client, packet).then(() => {
          done(null);
        }, done);
      },
      authorizeSubscribe: (client, subscription, done) => {
        if (this.#maySubscribe(client, subscription)) done(null, subscription);
        else done(this.#denied('subscribe_denied'));
      },
    });
  }

  #welcome(socket: TLSSocket, certificate: X509Certificate, deviceId: string): void {
    meterPackets(socket, () => {
      this.#report('packet_too_long');
    });
    socket.setNoDelay(true);
    const client = this.#aedes.handle(socket);
    this.#connections.set(client, {
      deviceId,
      principal: certificateFingerprint(certificate.toString()),
      certificate,
      policy: new DevicePolicy(deviceId),
      throttle: new ConnectionThrottle(this.#options.now),
    });
    socket.once('close', () => {
      this.#connections.delete(client);
      if (client.id !== '' && !client.clean) this.#sessions.left(client.id, this.#now());
    });
  }

  #mayConnect(client: Client): boolean {
    const connection = this.#connections.get(client);
    if (connection?.policy.mayConnect(client.id) !== true) {
      this.#report('client_id_refused');
      return false;
    }
    if (this.#revocations.isRevoked(connection.certificate)) {
      this.#report('revoked');
      return false;
    }
    this.#report('connected');
    this.#sessions.returned(client.id);
    return true;
  }

  #maySubscribe(client: Client, { topic, qos }: Subscription): boolean {
    return qos < 2 && this.#connections.get(client)?.policy.maySubscribe(topic) === true;
  }

  /** Durably enqueues a device's publish, or throws, which makes aedes drop the connection. */
  async #take(client: Client | null, packet: PublishPacket): Promise<void> {
    const connection = client === null ? undefined : this.#connections.get(client);
    const allowed = packet.qos < 2 && !packet.retain && connection?.policy.mayPublish(packet.topic);
    if (connection === undefined || allowed !== true) throw this.#denied('publish_denied');
    const payload = Buffer.from(packet.payload);
    if (payload.length > MAX_PAYLOAD_BYTES) throw this.#denied('packet_too_long');
    await connection.throttle.admit(payload.length);
    try {
      const { deviceId, principal } = connection;
      const receivedAtMs = this.#now();
      const input = { topic: packet.topic, payload, clientId: deviceId, principal, receivedAtMs };
      await this.#options.enqueue(applyIngestRule(input));
    } catch {
      throw this.#denied('enqueue_failed');
    } finally {
      connection.throttle.done();
    }
  }

  #denied(event: BrokerEvent): Error {
    this.#report(event);
    return new Error(event);
  }

  #report(event: BrokerEvent): void {
    this.#options.onEvent?.(event);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #every(milliseconds: number, work: () => Promise<void>): void {
    const timer = setInterval(() => void work().catch(() => undefined), milliseconds);
    timer.unref();
    this.#timers.push(timer);
  }
}

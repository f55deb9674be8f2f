import {
  acknowledgementTopic,
  type Clock,
  commandTopic,
  PulseError,
  SYSTEM_CLOCK,
} from '@pulseledger/domain';
import mqtt, { type IClientOptions } from 'mqtt';
import type { Prng } from '../prng.ts';

/** Shortest and longest wait before the next attempt to connect; doubled at each failure, with jitter. */
const RECONNECT_FIRST_MS = 500;
const RECONNECT_LONGEST_MS = 30_000;
const CONNECT_TIMEOUT_MS = 20_000;
const KEEPALIVE_S = 60;
/** Longest wait for a clean MQTT disconnect. */
const DISCONNECT_TIMEOUT_MS = 2_000;

/** Where and as whom a device connects. */
export interface LinkOptions {
  readonly deviceId: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** For jitter. */
  readonly random: Prng;
  /** The machine's clock when left out. */
  readonly clock?: Clock;
  /** Makes the MQTT client; `mqtt.connect` when left out. */
  readonly connect?: Connect;
}

/** What the link needs of an MQTT client (a part of MQTT.js' `MqttClient`). */
export interface LinkClient {
  readonly connected: boolean;
  on(event: 'connect' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'message', listener: (topic: string, payload: Uint8Array) => void): unknown;
  subscribe(topics: string[], options: { qos: 1 }, done: (error: Error | null) => void): unknown;
  publish(
    topic: string,
    payload: Buffer,
    options: { qos: 1 },
    done: (error?: Error | null) => void,
  ): unknown;
  end(force?: boolean, done?: () => void): unknown;
}

/** Makes an MQTT client that is connecting. */
export type Connect = (brokerUrl: string, options: IClientOptions) => LinkClient;

/** What the link tells its device. */
export interface LinkListener {
  /** Connected and subscribed. */
  readonly connected: () => void;
  readonly disconnected: () => void;
  readonly message: (topic: string, payload: Uint8Array) => void;
}

/** A way to the broker for one device's messages. */
export interface Transport {
  readonly connected: boolean;
  /** Connections made after the first. */
  readonly reconnects: number;
  readonly open: () => void;
  readonly publish: (topic: string, payload: Uint8Array) => Promise<void>;
  /** For good; `abruptly` as when the power fails, without a word to the broker. */
  readonly close: (how?: { readonly abruptly: boolean }) => Promise<void>;
}

/**
 * The MQTT connection of one device: MQTT 3.1.1 over TLS with the device's certificate, a session
 * that the broker keeps (clean = false), connected again after every loss with growing, jittered
 * waits. It holds no message back: what was not acknowledged by the broker fails at once on a loss,
 * and the outbox sends it again.
 */
export class Link implements Transport {
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  #client: LinkClient | undefined;
  #cancelReconnect: (() => void) | undefined;
  #failures = 0;
  #connected = false;
  #closed = false;
  readonly #unanswered = new Set<(error: PulseError) => void>();
  /** Connections made after the first. */
  reconnects = 0;
  #everConnected = false;

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get #clock(): Clock {
    return this.#options.clock ?? SYSTEM_CLOCK;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Start connecting; returns at once. */
  open(): void {
    if (this.#closed || this.#client !== undefined) return;
    const { brokerUrl, deviceId, brokerCaPem, certificatePem, privateKeyPem } = this.#options;
    const connect = this.#options.connect ?? mqtt.connect;
    const client = connect(brokerUrl, {
      protocolVersion: 4,
      clientId: deviceId,
      clean: false,
      ca: brokerCaPem,
      cert: certificatePem,
      key: privateKeyPem,
      rejectUnauthorized: true,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
    });
    this.#client = client;
    client.on('connect', () => {
      this.#subscribe(client);
    });
    client.on('message', (topic, payload) => {
      this.#listener.message(topic, payload);
    });
    // The reason is on the broker's side of the log; here a loss is a loss.
    client.on('error', () => undefined);
    client.on('close', () => {
      this.#lost(client);
    });
  }

  #subscribe(client: LinkClient): void {
    const { deviceId } = this.#options;
    const topics = [acknowledgementTopic(deviceId), commandTopic(deviceId)];
    client.subscribe(topics, { qos: 1 }, (error) => {
      if (this.#client !== client || this.#closed) return;
      if (error) {
        client.end(true);
        return;
      }
      this.#failures = 0;
      this.#connected = true;
      if (this.#everConnected) this.reconnects += 1;
      this.#everConnected = true;
      this.#listener.connected();
    });
  }

  #lost(client: LinkClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end(true);
    for (const reject of this.#unanswered) reject(new PulseError('unavailable'));
    this.#unanswered.clear();
    const wasConnected = this.#connected;
    this.#connected = false;
    if (wasConnected) this.#listener.disconnected();
    if (this.#closed) return;
    const ceiling = Math.min(RECONNECT_LONGEST_MS, RECONNECT_FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    const wait = ceiling * this.#options.random.between(0.5, 1);
    this.#cancelReconnect = this.#clock.after(wait, () => {
      this.open();
    });
  }

  /**
   * Publish with QoS 1; resolves when the broker has taken it over.
   *
   * @throws PulseError unavailable when there is no connection or it is lost before the PUBACK.
   */
  async publish(topic: string, payload: Uint8Array): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.#connected) throw new PulseError('unavailable');
    await new Promise<void>((resolve, reject) => {
      this.#unanswered.add(reject);
      client.publish(topic, Buffer.from(payload), { qos: 1 }, (error) => {
        this.#unanswered.delete(reject);
        if (error) reject(new PulseError('unavailable', undefined, { cause: error }));
        else resolve();
      });
    });
  }

  async close(how: { readonly abruptly: boolean } = { abruptly: false }): Promise<void> {
    this.#closed = true;
    this.#connected = false;
    this.#cancelReconnect?.();
    const client = this.#client;
    this.#client = undefined;
    for (const reject of this.#unanswered) reject(new PulseError('unavailable'));
    this.#unanswered.clear();
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(DISCONNECT_TIMEOUT_MS, () => {
        client.end(true, () => {
          resolve();
        });
      });
      client.end(how.abruptly || !client.connected, () => {
        cancel();
        resolve();
      });
    });
  }
}

import { Acknowledgement, acknowledgementTopic } from '@pulseledger/domain';
import mqtt, { type MqttClient } from 'mqtt';
import type { Credentials } from './foreign-authority.ts';

const CONNECT_TIMEOUT_MS = 15_000;
/** A broker that holds a message back answers within this, or the connection is given up. */
const PUBLISH_TIMEOUT_MS = 60_000;
/** Nobody was there to refuse anything. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE']);

/** Where and as whom to intrude. */
export interface IntruderOptions extends Credentials {
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
  readonly clientId: string;
  /** Told what the ledger answers; listens only when given. */
  readonly onAnswer?: (acknowledgement: Acknowledgement) => void;
}

/** What became of a connection or a message. `how` is an error's code or an event, nothing personal. */
export type Outcome =
  | { readonly status: 'taken' }
  | { readonly status: 'turnedAway' | 'unreachable'; readonly how: string };

/** Did somebody say no, in MQTT (CONNACK) or TLS (alert)? A connection that merely ends may have been cut by anybody. */
export function isSaid(outcome: Outcome): boolean {
  return outcome.status === 'turnedAway' && /^code_(\d+|ERR_SSL)/.test(outcome.how);
}

function outcomeOf(error: unknown): Outcome {
  const known = typeof error === 'object' && error !== null && 'code' in error;
  const how = known ? String(error.code) : 'error';
  return { status: UNREACHABLE.has(how) ? 'unreachable' : 'turnedAway', how: `code_${how}` };
}

function answerIn(payload: Uint8Array): Acknowledgement | undefined {
  try {
    return Acknowledgement.safeParse(JSON.parse(new TextDecoder().decode(payload))).data;
  } catch {
    return undefined;
  }
}

/**
 * A connection that does what no device of ours would do, and watches what the broker makes of it. It
 * never connects again by itself: a refusal shall be seen.
 */
export class Intruder {
  readonly #client: MqttClient;
  readonly #closed = Promise.withResolvers<Outcome>();

  /** Use `Intruder.connect`. */
  constructor(client: MqttClient) {
    this.#client = client;
    client.on('close', () => {
      this.#closed.resolve({ status: 'turnedAway', how: 'closed' });
    });
  }

  /** Connects, or says how it was refused. */
  static async connect(options: IntruderOptions): Promise<Intruder | Outcome> {
    const { brokerUrl, brokerCaPem, certificatePem, privateKeyPem, clientId } = options;
    const client = mqtt.connect(brokerUrl, {
      protocolVersion: 4,
      clientId,
      clean: true,
      ca: brokerCaPem,
      cert: certificatePem,
      key: privateKeyPem,
      rejectUnauthorized: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
    });
    const intruder = new Intruder(client);
    const { promise, resolve } = Promise.withResolvers<Outcome | undefined>();
    client.on('error', (error) => {
      resolve(outcomeOf(error));
    });
    client.once('connect', () => {
      resolve(undefined);
    });
    const refused = await Promise.race([promise, intruder.#closed.promise]);
    if (refused === undefined && (await intruder.#listen(options))) return intruder;
    client.end(true);
    return refused ?? { status: 'turnedAway', how: 'subscribe' };
  }

  async #listen({ clientId, onAnswer }: IntruderOptions): Promise<boolean> {
    if (onAnswer === undefined) return true;
    this.#client.on('message', (_, payload) => {
      const acknowledgement = answerIn(payload);
      if (acknowledgement !== undefined) onAnswer(acknowledgement);
    });
    const topic = acknowledgementTopic(clientId);
    const subscribed = this.#client.subscribeAsync(topic, { qos: 1 }).then(
      () => true,
      () => false,
    );
    return Promise.race([subscribed, this.#closed.promise.then(() => false)]);
  }

  /** Publishes with QoS 1 and waits for PUBACK or the end of the connection. */
  async publish(topic: string, payload: Uint8Array): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      resolve({ status: 'unreachable', how: 'no_answer' });
      this.close();
    }, PUBLISH_TIMEOUT_MS);
    this.#client.publish(topic, Buffer.from(payload), { qos: 1 }, (error) => {
      resolve(error ? outcomeOf(error) : { status: 'taken' });
    });
    try {
      return await Promise.race([promise, this.#closed.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when the connection has ended. */
  async ended(): Promise<void> {
    await this.#closed.promise;
  }

  close(): void {
    this.#client.end(true);
  }
}

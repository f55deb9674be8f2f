import { EventEmitter } from 'node:events';
import type { IngestMessage } from '@pulseledger/domain';
import { DevicePolicy } from '../../../local/src/cloud/broker/device-policy.ts';
import { applyIngestRule } from '../../../local/src/cloud/broker/topic-rule.ts';
import { hopMs, type Machine, type Process } from './machine.ts';

/** Acknowledgements that the broker keeps for one device; see session-store.ts. */
const MAX_SESSION_MESSAGES = 1_000;

interface Packet {
  readonly topic: string;
  readonly payload: Uint8Array;
}

interface Session {
  waiting: Packet[];
  client: MqttClient | undefined;
}

/** What the broker does with a device's message; resolves when it is durable. */
export type Enqueue = (message: IngestMessage) => Promise<void>;

/** The broker inside the cloud's process: sessions are in its memory, PUBACK follows the enqueue. */
export class Broker {
  readonly process: Process;
  readonly #enqueue: Enqueue;
  readonly #acknowledged: (message: IngestMessage) => void;
  readonly #sessions = new Map<string, Session>();

  /** @param acknowledged - told of each PUBACK. */
  constructor(process: Process, enqueue: Enqueue, acknowledged: (message: IngestMessage) => void) {
    this.process = process;
    this.#enqueue = enqueue;
    this.#acknowledged = acknowledged;
  }

  connected(client: MqttClient): void {
    const session = this.#session(client.deviceId);
    session.client?.cut();
    session.client = client;
  }

  subscribed(client: MqttClient): void {
    const session = this.#session(client.deviceId);
    const { waiting } = session;
    session.waiting = [];
    for (const packet of waiting) this.#deliver(session, packet);
  }

  left(client: MqttClient): void {
    const session = this.#session(client.deviceId);
    if (session.client === client) session.client = undefined;
  }

  /** A device's publish. @returns whether it is to be acknowledged. */
  async take(client: MqttClient, packet: Packet): Promise<boolean> {
    const { deviceId } = client;
    if (!new DevicePolicy(deviceId).mayPublish(packet.topic)) return false;
    const message = applyIngestRule({
      topic: packet.topic,
      payload: packet.payload,
      clientId: deviceId,
      principal: '0'.repeat(64),
      receivedAtMs: this.process.clock.now(),
    });
    await this.#enqueue(message);
    this.#acknowledged(message);
    return true;
  }

  /** A message for whoever hears the topic, QoS 1. */
  publish(topic: string, payload: Uint8Array): void {
    const deviceId = /^v1\/([0-9a-f]{32})\/acks$/.exec(topic)?.[1];
    if (deviceId === undefined) return;
    const session = this.#session(deviceId);
    this.#deliver(session, { topic, payload });
    if (this.process.world.choices.fault('duplicate', 'acknowledgement')) {
      this.#deliver(session, { topic, payload });
    }
  }

  #deliver(session: Session, packet: Packet): void {
    const { client } = session;
    if (client?.deliver(packet) !== true && session.waiting.length < MAX_SESSION_MESSAGES) {
      session.waiting.push(packet);
    }
  }

  #session(deviceId: string): Session {
    const known = this.#sessions.get(deviceId) ?? { waiting: [], client: undefined };
    this.#sessions.set(deviceId, known);
    return known;
  }
}

/** Who listens on the cloud's machine: its broker, while it runs. */
export interface BrokerAddress {
  readonly machine: Machine;
  readonly broker: () => Broker | undefined;
}

/** An MQTT client in a device's process: the part of MQTT.js that the link uses. */
export class MqttClient extends EventEmitter {
  readonly deviceId: string;
  connected = false;
  readonly #process: Process;
  readonly #address: BrokerAddress;
  #broker: Broker | undefined;
  #isCut = false;

  constructor(process: Process, address: BrokerAddress, deviceId: string) {
    super();
    this.deviceId = deviceId;
    this.#process = process;
    this.#address = address;
    this.#at(address.machine, 'mqtt.connect', () => {
      this.#connect();
    });
    process.onEnd(() => {
      this.cut();
    });
  }

  #connect(): void {
    const broker = this.#address.broker();
    if (broker === undefined) {
      this.cut();
      return;
    }
    this.#broker = broker;
    broker.process.onEnd(() => {
      this.cut();
    });
    broker.connected(this);
    this.#back('mqtt.connected', () => {
      this.connected = true;
      this.emit('connect');
    });
  }

  subscribe(_topics: string[], _options: { qos: 1 }, done: (error: Error | null) => void): void {
    this.#at(this.#address.machine, 'mqtt.subscribe', () => {
      this.#back('mqtt.suback', () => {
        done(null);
      });
      this.#broker?.subscribed(this);
    });
  }

  publish(
    topic: string,
    payload: Buffer,
    _options: { qos: 1 },
    done: (error?: Error) => void,
  ): void {
    const { choices } = this.#process.world;
    const times = choices.fault('duplicate', 'publish') ? 2 : 1;
    for (let time = 0; time < times; time++) {
      this.#at(this.#address.machine, 'mqtt.publish', () => {
        this.#take({ topic, payload: Uint8Array.from(payload) }, done);
      });
    }
    if (choices.fault('cut', this.deviceId))
      this.#process.world.after(choices.whole('cut', 0, 30), 'the connection is cut', () => {
        this.cut();
      });
  }

  #take(packet: Packet, done: () => void): void {
    this.#broker?.take(this, packet).then(
      (taken) => {
        if (taken) this.#back('mqtt.puback', done);
        else this.cut();
      },
      () => {
        this.cut();
      },
    );
  }

  /** From the broker. @returns whether it is on its way. */
  deliver(packet: Packet): boolean {
    if (this.#isCut) return false;
    this.#back('mqtt.message', () => {
      this.emit('message', packet.topic, packet.payload);
    });
    return true;
  }

  end(_force?: boolean, done?: () => void): void {
    this.cut();
    if (done !== undefined) this.#process.world.after(1, 'mqtt.ended', done, this.#process);
  }

  /** The connection is no more; both ends are told. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.connected = false;
    this.#broker?.left(this);
    this.#process.world.after(
      1,
      'mqtt.close',
      () => {
        this.emit('close');
      },
      this.#process,
    );
  }

  #at(machine: Machine, label: string, run: () => void): void {
    const { world } = this.#process;
    world.after(
      hopMs(world, label),
      `${label} of ${this.deviceId.slice(0, 2)}`,
      () => {
        if (!this.#isCut) run();
      },
      machine,
    );
  }

  #back(label: string, run: () => void): void {
    const { world } = this.#process;
    const arrive = (): void => {
      if (this.#isCut) return;
      this.#process.point(label);
      if (this.#process.alive) guarded(run);
    };
    world.after(hopMs(world, label), label, arrive, this.#process);
  }
}

/** What ends in the middle of a synchronous call ends there. */
function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'Crashed') throw error;
  }
}

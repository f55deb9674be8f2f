import { Acknowledgement, acknowledgementTopic, chunkPublishTopic } from '@pulseledger/domain';
import mqtt, { type MqttClient } from 'mqtt';
import { EXIT, Failure } from '../base/failure.ts';
import type { TriggerDevice } from './trigger-device.ts';

const CONNECT_MS = 20_000;

/** A device's connection to the broker, listening for what the ledger says of its chunks. */
export class DeviceConnection {
  readonly #client: MqttClient;
  readonly #device: TriggerDevice;
  readonly #acknowledged = Promise.withResolvers<Acknowledgement>();

  constructor(client: MqttClient, device: TriggerDevice) {
    this.#client = client;
    this.#device = device;
    client.on('message', (topic, payload) => {
      const heard = acknowledgementIn(payload.toString('utf8'));
      const isOurs = topic === acknowledgementTopic(device.deviceId) && heard?.boot === device.boot;
      if (heard !== undefined && isOurs) this.#acknowledged.resolve(heard);
    });
  }

  /** @throws Failure */
  static async open(device: TriggerDevice): Promise<DeviceConnection> {
    try {
      const client = await mqtt.connectAsync(device.brokerUrl, {
        ...{ protocolVersion: 4, clientId: device.deviceId, clean: true, reconnectPeriod: 0 },
        ...{ ca: device.brokerCaPem, cert: device.certificatePem, key: device.privateKeyPem },
        connectTimeout: CONNECT_MS,
      });
      client.on('error', () => undefined);
      const connection = new DeviceConnection(client, device);
      await client.subscribeAsync(acknowledgementTopic(device.deviceId), { qos: 1 });
      return connection;
    } catch (error) {
      const text = {
        what: 'The device cannot connect to the broker.',
        why: error instanceof Error ? `${error.message}.` : String(error),
        remedy: 'Run "npx pulse doctor"; a device that was reported lost or revoked stays away.',
      };
      throw new Failure(EXIT.failed, text, error);
    }
  }

  /** Resolves at the PUBACK: the message is in the durable queue. */
  async publish(chunk: Uint8Array): Promise<void> {
    const topic = chunkPublishTopic(this.#device.deviceId);
    await this.#client.publishAsync(topic, Buffer.from(chunk), { qos: 1 });
  }

  /** The ledger's answer. @throws Failure when none comes in time */
  async acknowledgement(timeoutMs: number): Promise<Acknowledgement> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(
        new Failure(EXIT.failed, {
          what: 'The reading was taken over, and the ledger has not answered yet.',
          why: `No acknowledgement came within ${timeoutMs / 1_000} s.`,
          remedy:
            'Nothing is lost: "npx pulse status" shows what waits. More patience: --patience 5m.',
        }),
      );
    }, timeoutMs);
    try {
      return await Promise.race([this.#acknowledged.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.#client.endAsync();
  }
}

function acknowledgementIn(text: string): Acknowledgement | undefined {
  try {
    return Acknowledgement.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

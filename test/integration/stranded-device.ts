/** A device of a test: enrolled as any other, publishing what the test says. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  attachSignature,
  chunkPublishTopic,
  encodeChunk,
  type Reading,
  SALT_BYTES,
} from '@pulseledger/domain';
import { enrolmentAt } from '../../device-simulator/src/device/enrolment.ts';
import { readSystemFile } from '../../device-simulator/src/system-file.ts';
import { MqttSocket } from '../../local/src/test-support/mqtt-socket.ts';

export class StrandedDevice {
  readonly deviceId: string;
  readonly patientId: string;
  readonly #key: KeyObject;
  readonly #mqtt: MqttSocket;

  constructor(deviceId: string, patientId: string, key: KeyObject, mqtt: MqttSocket) {
    this.deviceId = deviceId;
    this.patientId = patientId;
    this.#key = key;
    this.#mqtt = mqtt;
  }

  /** Worn by the system's first patient from this moment on. */
  static async enrol(systemFile: string, fromMs: number): Promise<StrandedDevice> {
    const coordinates = await readSystemFile(systemFile);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const patientId = coordinates.patients[0]?.patientId ?? '';
    const enrolled = await enrolmentAt(coordinates)({
      publicKeySpkiBase64: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      patientId,
      fromMs,
      manufacturer: 'Test',
      model: 'Broken',
      serial: '1',
    });
    const privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const port = Number(new URL(enrolled.brokerUrl).port);
    const mqtt = await MqttSocket.open(port, enrolled.brokerCaPem, { ...enrolled, privateKeyPem });
    if ((await mqtt.connect(enrolled.deviceId)) !== 0) throw new Error('the broker says no');
    return new StrandedDevice(enrolled.deviceId, patientId, privateKey, mqtt);
  }

  /** Resolves when the broker has sent PUBACK. */
  async publish(payload: Uint8Array | string): Promise<void> {
    const topic = chunkPublishTopic(this.deviceId);
    const message = { qos: 1, dup: false, retain: false } as const;
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    this.#mqtt.send({ cmd: 'publish', messageId: 1, ...message, topic, payload: bytes });
    const answer = await this.#mqtt.next();
    if (answer?.cmd !== 'puback') throw new Error('the broker did not take it');
  }

  /** A signed chunk of these readings. */
  chunk(firstSequence: number, readings: readonly Reading[]): Uint8Array {
    const { deviceId } = this;
    const salt = randomBytes(SALT_BYTES);
    const content = { deviceId, boot: 1, firstSequence, zoneOffsetMinutes: 0, readings, salt };
    const body = encodeChunk(content);
    const key = { key: this.#key, dsaEncoding: 'ieee-p1363' } as const;
    return attachSignature(body, sign('sha256', body, key));
  }

  close(): Promise<void> {
    return this.#mqtt.close();
  }
}

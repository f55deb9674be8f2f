import { Acknowledgement, acknowledgementTopic, chunkPublishTopic } from '@pulseledger/domain';
import type { TestDevice } from '../../../local/src/test-support/devices.ts';
import { MqttSocket } from '../../../local/src/test-support/mqtt-socket.ts';
import { ChunkSigner, type Saying } from './signer-device.ts';

type Packet = NonNullable<Awaited<ReturnType<MqttSocket['next']>>>;
type PublishPacket = Extract<Packet, { cmd: 'publish' }>;

/** Where the broker is. */
export interface BrokerAddress {
  readonly port: number;
  readonly caPem: string;
}

/** A device that is known to the system: certificate, signing key, patient. */
export class Wearable {
  readonly deviceId: string;
  readonly patientId: string;
  readonly identity: TestDevice;
  readonly #signer: ChunkSigner;
  readonly #broker: BrokerAddress;

  constructor(
    enrolled: { readonly deviceId: string; readonly certificatePem: string },
    patientId: string,
    signer: ChunkSigner,
    broker: BrokerAddress,
  ) {
    this.deviceId = enrolled.deviceId;
    this.patientId = patientId;
    this.#signer = signer;
    this.#broker = broker;
    this.identity = { ...enrolled, privateKeyPem: signer.privateKeyPem };
  }

  chunk(saying: Saying): Buffer {
    return this.#signer.chunk(this.deviceId, saying);
  }

  signed(body: Uint8Array): Buffer {
    return this.#signer.signed(body);
  }

  /** A TLS connection with this device's certificate, without a word of MQTT yet. */
  open(): Promise<MqttSocket> {
    return MqttSocket.open(this.#broker.port, this.#broker.caPem, this.identity);
  }

  /** Connected, and listening to its acknowledgements. */
  async connect(): Promise<Session> {
    const socket = await this.open();
    const code = await socket.connect(this.deviceId);
    if (code !== 0) throw new Error(`CONNACK ${code}`);
    const session = new Session(this.deviceId, socket);
    await session.subscribe(acknowledgementTopic(this.deviceId));
    return session;
  }
}

/** One connection of a device: publishes go out, what comes in is sorted. */
export class Session {
  readonly socket: MqttSocket;
  readonly acknowledgements: Acknowledgement[] = [];
  /** Packet identifiers that the broker has acknowledged, in order. */
  readonly pubacks: number[] = [];
  readonly #deviceId: string;
  readonly #waiting = new Set<() => void>();
  #messageId = 1;
  #isClosed = false;
  readonly #granted = new Set<number>();

  constructor(deviceId: string, socket: MqttSocket) {
    this.#deviceId = deviceId;
    this.socket = socket;
    void this.#listen();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Was the subscription of that packet id answered with a SUBACK? */
  isSubscribed(messageId: number): boolean {
    return this.#granted.has(messageId);
  }

  async subscribe(topic: string): Promise<void> {
    const messageId = this.#messageId++;
    this.socket.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos: 1 }] });
    await this.until(() => this.isSubscribed(messageId));
  }

  /** Sends a publish of QoS 1 to the device's own topic, or as `change` says. @returns its packet id */
  send(payload: Buffer, change: Partial<PublishPacket> = {}): number {
    const messageId = this.#messageId++;
    const topic = chunkPublishTopic(this.#deviceId);
    const flags = { qos: 1, dup: false, retain: false } as const;
    this.socket.send({ cmd: 'publish', topic, payload, messageId, ...flags, ...change });
    return messageId;
  }

  /** Publishes and resolves when the broker has it durably (PUBACK). */
  async publish(payload: Buffer): Promise<void> {
    const messageId = this.send(payload);
    await this.until(() => this.pubacks.includes(messageId));
  }

  /** Publishes and resolves with the `nth` acknowledgement of the chunk that begins there. */
  async deliver(payload: Buffer, firstSequence: number, nth = 1): Promise<Acknowledgement> {
    await this.publish(payload);
    return this.answer(firstSequence, nth);
  }

  /** The `nth` acknowledgement that begins at that sequence, as soon as it comes. */
  async answer(firstSequence: number, nth = 1): Promise<Acknowledgement> {
    const found = (): Acknowledgement[] =>
      this.acknowledgements.filter((one) => one.firstSequence === firstSequence);
    await this.until(() => found().length >= nth);
    return found()[nth - 1]!;
  }

  /** Resolves when it is so. @throws Error when the connection ends before */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#isClosed) throw new Error('the broker has closed the connection');
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#waiting.add(() => {
        resolve(undefined);
      });
      await promise;
    }
  }

  close(): Promise<void> {
    return this.socket.close();
  }

  async #listen(): Promise<void> {
    for (let packet = await this.socket.next(); packet; packet = await this.socket.next()) {
      this.#sort(packet);
      this.#wake();
    }
    this.#isClosed = true;
    this.#wake();
  }

  #sort(packet: Packet): void {
    if (packet.cmd === 'puback') this.pubacks.push(packet.messageId ?? 0);
    if (packet.cmd === 'suback') this.#granted.add(packet.messageId ?? 0);
    if (packet.cmd !== 'publish') return;
    const text = packet.payload.toString();
    this.acknowledgements.push(Acknowledgement.parse(JSON.parse(text)));
    if (packet.messageId !== undefined) {
      this.socket.send({ cmd: 'puback', messageId: packet.messageId });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

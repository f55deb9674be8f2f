import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import mqtt, { type Packet } from 'mqtt-packet';
import type { TestDevice } from './devices.ts';

/** A bare MQTT 3.1.1 client, so that a test sees and sends exactly the packets it means. */
export class MqttSocket {
  readonly #socket: TLSSocket;
  readonly #packets: Packet[] = [];
  readonly #closed: Promise<void>;
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    const parser = mqtt.parser({ protocolVersion: 4 });
    parser.on('packet', (packet) => {
      this.#packets.push(packet);
      this.#wake();
    });
    socket.on('data', (bytes: Buffer) => parser.parse(bytes));
    // A reset is one way of closing.
    socket.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#closed = promise;
    socket.once('close', () => {
      this.#isClosed = true;
      this.#wake();
      resolve(undefined);
    });
  }

  /** @throws Error when the TLS handshake fails */
  static async open(port: number, caPem: string, device?: TestDevice): Promise<MqttSocket> {
    const keys = device && { cert: device.certificatePem, key: device.privateKeyPem };
    const socket = connect({ host: '127.0.0.1', port, ca: caPem, ...keys });
    await once(socket, 'secureConnect');
    return new MqttSocket(socket);
  }

  /** Connects under the client id and returns the CONNACK's return code. */
  async connect(
    clientId: string,
    options: { clean?: boolean; keepalive?: number } = {},
  ): Promise<number> {
    const { clean = true, keepalive = 60 } = options;
    this.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean,
      keepalive,
    });
    const packet = await this.next();
    if (packet?.cmd !== 'connack') throw new Error('no CONNACK');
    return packet.returnCode ?? -1;
  }

  /** Writes all packets at once, in one TLS record where they fit. */
  send(...packets: Packet[]): void {
    this.#socket.write(Buffer.concat(packets.map((packet) => mqtt.generate(packet))));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next packet, or undefined when the connection is closed. */
  async next(): Promise<Packet | undefined> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet !== undefined || this.#isClosed) return packet;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#wake = () => {
        resolve(undefined);
      };
      await promise;
    }
  }

  /** Resolves when the other side has closed the connection. */
  closed(): Promise<void> {
    return this.#closed;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }
}

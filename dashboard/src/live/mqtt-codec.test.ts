import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';
import {
  connectPacket,
  disconnectPacket,
  type Heard,
  PacketReader,
  pingPacket,
  subscribePacket,
} from './mqtt-codec.ts';

/** What an independent parser makes of our bytes. */
function parsed(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  const reader = parser();
  reader.on('packet', (packet) => packets.push(packet));
  reader.parse(Buffer.from(bytes));
  return packets;
}

/** The reader's answer when the bytes come in pieces. */
function heard(bytes: Uint8Array, cuts: readonly number[]): Heard[] {
  const reader = new PacketReader();
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].flatMap((from, at) =>
    reader.push(bytes.subarray(from, places[at] ?? bytes.length)),
  );
}

describe('what a listener sends', () => {
  it('is a connection that others read as meant', () => {
    const packet = connectPacket({
      clientId: 'page-1',
      password: 'x'.repeat(300),
      keepAliveSeconds: 60,
    });
    expect(parsed(packet)).toMatchObject([
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 60,
        clientId: 'page-1',
        username: 'page',
        password: Buffer.from('x'.repeat(300)),
      },
    ]);
  });

  it('is a subscription that others read as meant', () => {
    const topics = Array.from({ length: 100 }, (_, i) => `v1/live/${String(i)}`);
    const [packet] = parsed(subscribePacket(258, topics));
    expect(packet).toMatchObject({ cmd: 'subscribe', messageId: 258 });
    expect(packet).toHaveProperty(
      'subscriptions',
      topics.map((topic) => expect.objectContaining({ topic, qos: 0 })),
    );
  });

  it('is a ping and an end', () => {
    expect(parsed(pingPacket())).toMatchObject([{ cmd: 'pingreq' }]);
    expect(parsed(disconnectPacket())).toMatchObject([{ cmd: 'disconnect' }]);
  });
});

describe('what a listener hears', () => {
  it('is read however the stream is cut', () => {
    const hint = fc.record({
      topic: fc.stringMatching(/^[a-z0-9/ü]{1,60}$/),
      payload: fc.uint8Array({ maxLength: 300 }),
      qos: fc.constantFrom(0 as const, 1 as const),
    });
    fc.assert(
      fc.property(
        fc.array(hint, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat()),
        (hints, cuts) => {
          const packets = hints.map(({ topic, payload, qos }) =>
            generate({
              cmd: 'publish',
              topic,
              payload: Buffer.from(payload),
              qos,
              dup: false,
              retain: false,
              messageId: 7,
            }),
          );
          const ack = generate({ cmd: 'connack', returnCode: 5, sessionPresent: false });
          const granted = generate({ cmd: 'suback', messageId: 1, granted: [0, 128] });
          const bytes = new Uint8Array(Buffer.concat([ack, granted, ...packets]));
          expect(heard(bytes, cuts)).toEqual([
            { is: 'connack', returnCode: 5 },
            { is: 'suback', returnCodes: [0, 128] },
            ...hints.map(({ topic, payload }) => ({ is: 'publish', topic, payload })),
          ]);
        },
      ),
    );
  });

  it('with a length that is none ends the stream', () => {
    expect(() => new PacketReader().push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 1))).toThrow(
      RangeError,
    );
  });
});

/**
 * The part of MQTT 3.1.1 (OASIS, 2014) that a listener needs. The usual libraries are 50 KB and more in a browser, a third of
 * all that the page may have.
 */

/** What a broker says to a listener. */
export type Heard =
  | { readonly is: 'connack'; readonly returnCode: number }
  | { readonly is: 'suback'; readonly returnCodes: readonly number[] }
  | { readonly is: 'publish'; readonly topic: string; readonly payload: Uint8Array }
  | { readonly is: 'pingresp' }
  | { readonly is: 'other' };

const TYPE = { connect: 0x10, subscribe: 0x82, pingreq: 0xc0, disconnect: 0xe0 } as const;
const PROTOCOL_LEVEL = 4;
/** User name, password, clean session (§3.1.2.3). */
const CONNECT_FLAGS = 0b1100_0010;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** §3.1, with a clean session and no will. */
export function connectPacket(of: {
  readonly clientId: string;
  readonly password: string;
  readonly keepAliveSeconds: number;
}): Uint8Array<ArrayBuffer> {
  return packet(TYPE.connect, [
    ...text('MQTT'),
    PROTOCOL_LEVEL,
    CONNECT_FLAGS,
    ...uint16(of.keepAliveSeconds),
    ...text(of.clientId),
    ...text('page'),
    ...text(of.password),
  ]);
}

/** §3.8, at most once. */
export function subscribePacket(
  packetId: number,
  topics: readonly string[],
): Uint8Array<ArrayBuffer> {
  const filters = topics.flatMap((topic) => [...text(topic), 0]);
  return packet(TYPE.subscribe, [...uint16(packetId), ...filters]);
}

export function pingPacket(): Uint8Array<ArrayBuffer> {
  return packet(TYPE.pingreq, []);
}

export function disconnectPacket(): Uint8Array<ArrayBuffer> {
  return packet(TYPE.disconnect, []);
}

/** Takes the packets of a stream apart, however it is cut. */
export class PacketReader {
  #bytes: Uint8Array = new Uint8Array();

  /** @returns the packets that are complete now. @throws RangeError for a length that is none */
  push(bytes: Uint8Array): Heard[] {
    this.#bytes = joined(this.#bytes, bytes);
    const heard: Heard[] = [];
    for (;;) {
      const length = remainingLength(this.#bytes);
      if (length === undefined || this.#bytes.length < length.end + length.value) return heard;
      const end = length.end + length.value;
      heard.push(read(this.#bytes[0] ?? 0, this.#bytes.subarray(length.end, end)));
      this.#bytes = this.#bytes.slice(end);
    }
  }
}

function read(header: number, body: Uint8Array): Heard {
  switch (header >> 4) {
    case 2:
      return { is: 'connack', returnCode: body[1] ?? 0xff };
    case 3:
      return readPublish(header, body);
    case 9:
      return { is: 'suback', returnCodes: [...body.subarray(2)] };
    case 13:
      return { is: 'pingresp' };
    default:
      return { is: 'other' };
  }
}

function readPublish(header: number, body: Uint8Array): Heard {
  const length = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
  const topic = decoder.decode(body.subarray(2, 2 + length));
  // Above QoS 0 a packet identifier follows (§3.3.2.2).
  const hasId = (header & 0b0110) !== 0;
  return { is: 'publish', topic, payload: body.slice(2 + length + (hasId ? 2 : 0)) };
}

/** §2.2.3; undefined while it is not complete. */
function remainingLength(bytes: Uint8Array): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = 1; at <= 4; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** (at - 1);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new RangeError('an MQTT packet without a length');
}

function packet(header: number, body: readonly number[]): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  let left = body.length;
  do {
    const byte = left % 128;
    left = Math.floor(left / 128);
    length.push(left > 0 ? byte | 0x80 : byte);
  } while (left > 0);
  return Uint8Array.from([header, ...length, ...body]);
}

function text(value: string): number[] {
  const bytes = encoder.encode(value);
  return [...uint16(bytes.length), ...bytes];
}

function uint16(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

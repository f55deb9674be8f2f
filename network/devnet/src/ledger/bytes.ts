import { hash } from 'node:crypto';

/** The same memory as a Buffer; protobuf getters answer plain Uint8Arrays. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function sha256(data: Uint8Array | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/** SHA-256 of keys; one transaction asks for a key's hash several times. */
export class KeyHashes {
  readonly #known = new Map<string, Buffer>();

  of(key: string): Buffer {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const keyHash = sha256(key);
    this.#known.set(key, keyHash);
    return keyHash;
  }
}

/**
 * Bytes as a string of one character a byte. Such strings are good Map keys, and `<` orders them as bytes are
 * ordered, which it does not do for ordinary strings (UTF-16 puts U+10000… before U+E000…).
 */
export type BinaryString = string & { readonly binary: unique symbol };

export function toBinary(data: Uint8Array | string): BinaryString {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : asBuffer(data);
  return bytes.toString('latin1') as BinaryString;
}

export function fromBinary(binary: BinaryString): Buffer {
  return Buffer.from(binary, 'latin1');
}

export function binaryToText(binary: BinaryString): string {
  return fromBinary(binary).toString('utf8');
}

/** Entries in the order of their keys' UTF-8 bytes, as Go sorts strings. */
export function sortedByKey<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map]
    .map(([key, value]) => ({ order: toBinary(key), entry: [key, value] as [string, V] }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ entry }) => entry);
}

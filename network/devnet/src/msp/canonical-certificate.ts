import { createHash } from 'node:crypto';
import { type EcdsaKey, toLowS } from './ecdsa.ts';

interface Element {
  /** Tag, length and value. */
  readonly whole: Uint8Array;
  readonly value: Uint8Array;
}

function readElement(der: Uint8Array): Element {
  const first = der[1] ?? 0;
  const lengthBytes = first > 0x7f ? first & 0x7f : 0;
  const start = 2 + lengthBytes;
  const length =
    lengthBytes === 0
      ? first
      : der.subarray(2, start).reduce((total, byte) => total * 256 + byte, 0);
  return { whole: der.subarray(0, start + length), value: der.subarray(start, start + length) };
}

function writeElement(tag: number, value: Uint8Array): Buffer {
  if (value.length < 0x80) return Buffer.concat([Buffer.of(tag, value.length), value]);
  const hex = value.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, value]);
}

/** DER of a certificate with its issuer's signature brought to a low `s`. */
function withLowS(der: Uint8Array, issuerKey: EcdsaKey): Uint8Array {
  const body = readElement(der).value;
  const toBeSigned = readElement(body);
  const algorithm = readElement(body.subarray(toBeSigned.whole.length));
  const bits = readElement(body.subarray(toBeSigned.whole.length + algorithm.whole.length)).value;
  const signature = bits.subarray(1);
  const low = toLowS(issuerKey, signature);
  if (low === signature) return der;
  const bitString = writeElement(0x03, Buffer.concat([Buffer.of(0), low]));
  return writeElement(0x30, Buffer.concat([toBeSigned.whole, algorithm.whole, bitString]));
}

/**
 * Identifier of a certificate: SHA-256 of its DER, hex. Anybody can turn the issuer's signature into
 * its other form, so both forms get one identifier (msp/cert.go), or one endorser could count as two.
 */
export function certificateId(der: Uint8Array, issuerKey: EcdsaKey): string {
  return createHash('sha256').update(withLowS(der, issuerKey)).digest('hex');
}

import { createHash } from 'node:crypto';
import type { common } from '@hyperledger/fabric-protos';

const DER_INTEGER = 0x02;
const DER_OCTET_STRING = 0x04;
const DER_SEQUENCE = 0x30;
const SIGN_BIT = 0x80;

/** One element; everything in a header is shorter than 128 bytes, and so has its length in one. */
function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const digits = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const isNegative = (digits[0] ?? 0) >= SIGN_BIT;
  return element(DER_INTEGER, isNegative ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** What the next block names as its `previous_hash`: SHA-256 of the header's ASN.1 form (Fabric: protoutil.BlockHeaderHash). */
export function blockHash(header: common.BlockHeader): string {
  const content = Buffer.concat([
    integer(header.getNumber()),
    element(DER_OCTET_STRING, header.getPreviousHash_asU8()),
    element(DER_OCTET_STRING, header.getDataHash_asU8()),
  ]);
  return createHash('sha256').update(element(DER_SEQUENCE, content)).digest('hex');
}

/** What a header names as its `data_hash`: SHA-256 of all envelopes, one after the other (Fabric: protoutil.ComputeBlockDataHash). */
export function dataHash(envelopes: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const envelope of envelopes) hash.update(envelope);
  return hash.digest('hex');
}

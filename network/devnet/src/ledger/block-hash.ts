import type { common } from '@hyperledger/fabric-protos';
import { sha256 } from './bytes.ts';

const DER_INTEGER = 0x02;
const DER_OCTET_STRING = 0x04;
const DER_SEQUENCE = 0x30;
const SIGN_BIT = 0x80;

/** One definite-length element; what headers hold is always shorter than 128 bytes. */
function der(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function derInteger(value: number): Buffer {
  const digits: number[] = [value % 256];
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) {
    digits.unshift(rest % 256);
  }
  if ((digits[0] ?? 0) >= SIGN_BIT) digits.unshift(0);
  return der(DER_INTEGER, Buffer.from(digits));
}

/** What a block's signatures and the next block's `previous_hash` are made over (Fabric: protoutil.BlockHeaderBytes). */
export function blockHeaderBytes(header: common.BlockHeader): Buffer {
  const fields = Buffer.concat([
    derInteger(header.getNumber()),
    der(DER_OCTET_STRING, header.getPreviousHash_asU8()),
    der(DER_OCTET_STRING, header.getDataHash_asU8()),
  ]);
  return der(DER_SEQUENCE, fields);
}

/** SHA-256 of the header's ASN.1 form. */
export function blockHeaderHash(header: common.BlockHeader): Buffer {
  return sha256(blockHeaderBytes(header));
}

/** SHA-256 of all envelopes, one after the other. */
export function blockDataHash(data: common.BlockData): Buffer {
  return sha256(Buffer.concat(data.getDataList_asU8()));
}

import type { MissingPrivateData, Version } from './types.ts';

/**
 * Layout of the database. The first byte tells the kind of the entry; names end in a zero byte, which no MSP id,
 * chaincode or collection name contains; numbers are big-endian, so that byte order is numeric order.
 */
const NUL = '\0';
const NUMBER_BYTES = 6;
const INDEX_BYTES = 4;
const MAX_BYTE = 0xff;

export const TIP_KEY: Buffer = Buffer.from('i');

function numbers(block: number, index?: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES + (index === undefined ? 0 : INDEX_BYTES));
  bytes.writeUIntBE(block, 0, NUMBER_BYTES);
  if (index !== undefined) bytes.writeUInt32BE(index, NUMBER_BYTES);
  return bytes;
}

/** A number as keys hold it: 6 bytes, so up to 2^48 - 1. */
export function encodeNumber(value: number): Buffer {
  return numbers(value);
}

export function decodeNumber(bytes: Buffer, offset: number): number {
  return bytes.readUIntBE(offset, NUMBER_BYTES);
}

export function blockKey(number: number): Buffer {
  return Buffer.concat([Buffer.from('b'), numbers(number)]);
}

export function transactionKey(txId: string): Buffer {
  return Buffer.from(`t${txId}`);
}

/** Names a chaincode that has ever written key-level metadata; without it no write has to look for metadata to keep. */
export function metadataUsedKey(namespace: string): Buffer {
  return Buffer.from(`n${namespace}`);
}

export const METADATA_USED_PREFIX: Buffer = Buffer.from('n');

export function metadataUsedNamespace(key: Buffer): string {
  return key.toString('utf8', METADATA_USED_PREFIX.length);
}

export function publicSpace(namespace: string): Buffer {
  return Buffer.from(`s${namespace}${NUL}`);
}

export function hashedSpace(namespace: string, collection: string): Buffer {
  return Buffer.from(`h${namespace}${NUL}${collection}${NUL}`);
}

/** The prefix of everything public: hashes are public too, and '' is the name of no collection. */
export function stateSpace(namespace: string, collection: string): Buffer {
  return collection === '' ? publicSpace(namespace) : hashedSpace(namespace, collection);
}

export function privateSpace(mspId: string, namespace: string, collection: string): Buffer {
  return Buffer.from(`p${mspId}${NUL}${namespace}${NUL}${collection}${NUL}`);
}

export function inSpace(space: Buffer, key: string | Uint8Array): Buffer {
  const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
  const bytes = Buffer.allocUnsafe(space.length + length);
  bytes.set(space);
  if (typeof key === 'string') bytes.write(key, space.length);
  else bytes.set(key, space.length);
  return bytes;
}

/** The first key after everything that begins with the prefix, which is not all 0xff. */
export function afterPrefix(prefix: Buffer): Buffer {
  const last = prefix.findLastIndex((byte) => byte !== MAX_BYTE);
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end.writeUInt8(end.readUInt8(last) + 1, last);
  return end;
}

export function historyPrefix(namespace: string, key: string): Buffer {
  const length = Buffer.alloc(INDEX_BYTES);
  length.writeUInt32BE(Buffer.byteLength(key));
  return Buffer.concat([Buffer.from(`y${namespace}${NUL}`), length, Buffer.from(key)]);
}

export function historyKey(prefix: Buffer, { block, transaction }: Version): Buffer {
  return Buffer.concat([prefix, numbers(block, transaction)]);
}

export function decodeHistoryKey(key: Buffer, prefix: Buffer): Version {
  return {
    block: decodeNumber(key, prefix.length),
    transaction: key.readUInt32BE(prefix.length + NUMBER_BYTES),
  };
}

/** Everything that a block number makes expire; `mspId` '' is the public schedule of key hashes. */
export function expiryPrefix(mspId: string, expiringBlock: number): Buffer {
  return Buffer.concat([Buffer.from(`e${mspId}${NUL}`), numbers(expiringBlock)]);
}

export interface ExpiringWrites {
  /** The block that wrote them. */
  readonly block: number;
  readonly namespace: string;
  readonly collection: string;
}

export function expiryKey(mspId: string, expiringBlock: number, writes: ExpiringWrites): Buffer {
  const { block, namespace, collection } = writes;
  const names = Buffer.from(`${namespace}${NUL}${collection}`);
  return Buffer.concat([expiryPrefix(mspId, expiringBlock), numbers(block), names]);
}

export function decodeExpiryKey(key: Buffer, prefix: Buffer): ExpiringWrites {
  const names = key.toString('utf8', prefix.length + NUMBER_BYTES);
  const [namespace = '', collection = ''] = names.split(NUL);
  return { block: decodeNumber(key, prefix.length), namespace, collection };
}

export const MISSING_PREFIX: Buffer = Buffer.from('m');

export function missingKey(missing: MissingPrivateData): Buffer {
  const names = [missing.mspId, missing.namespace, missing.collection].join(NUL);
  const at = numbers(missing.block, missing.transaction);
  return Buffer.concat([MISSING_PREFIX, at, Buffer.from(names)]);
}

export function decodeMissingKey(key: Buffer): MissingPrivateData {
  const block = decodeNumber(key, 1);
  const transaction = key.readUInt32BE(1 + NUMBER_BYTES);
  const names = key.toString('utf8', 1 + NUMBER_BYTES + INDEX_BYTES);
  const [mspId = '', namespace = '', collection = ''] = names.split(NUL);
  return { mspId, block, transaction, namespace, collection };
}

export const TRANSIENT_PREFIX: Buffer = Buffer.from('x');

/** `serial` keeps apart several simulations of one transaction at one organization. */
export function transientKey(mspId: string, txId: string, height: number, serial: number): Buffer {
  const names = Buffer.from(`${mspId}${NUL}${txId}${NUL}`);
  return Buffer.concat([TRANSIENT_PREFIX, names, numbers(height, serial)]);
}

export function decodeTransientKey(key: Buffer): {
  mspId: string;
  txId: string;
  height: number;
  serial: number;
} {
  const end = key.length - NUMBER_BYTES - INDEX_BYTES;
  const [mspId = '', txId = ''] = key.toString('utf8', 1, end).split(NUL);
  const serial = key.readUInt32BE(end + NUMBER_BYTES);
  return { mspId, txId, height: decodeNumber(key, end), serial };
}

/** Write sets of one collection that one member holds, by block and transaction. */
export function writeSetKey(
  mspId: string,
  at: { readonly namespace: string; readonly collection: string } & Version,
): Buffer {
  const names = [mspId, at.namespace, at.collection].join(NUL);
  return Buffer.concat([Buffer.from(`w${names}${NUL}`), numbers(at.block, at.transaction)]);
}

/** Those of one block. */
export function writeSetsOfBlock(
  mspId: string,
  at: { readonly namespace: string; readonly collection: string; readonly block: number },
): Buffer {
  const names = [mspId, at.namespace, at.collection].join(NUL);
  return Buffer.concat([Buffer.from(`w${names}${NUL}`), numbers(at.block)]);
}

/** Write sets in which a private key of one member stands, by the key's hash. */
export function keyWriteSetsPrefix(
  mspId: string,
  at: { readonly namespace: string; readonly collection: string },
  keyHash: Buffer,
): Buffer {
  const names = [mspId, at.namespace, at.collection].join(NUL);
  return Buffer.concat([Buffer.from(`k${names}${NUL}`), keyHash]);
}

export function keyWriteSetKey(prefix: Buffer, version: Version): Buffer {
  return Buffer.concat([prefix, numbers(version.block, version.transaction)]);
}

export function decodeKeyWriteSetKey(key: Buffer, prefix: Buffer): Version {
  return {
    block: decodeNumber(key, prefix.length),
    transaction: key.readUInt32BE(prefix.length + NUMBER_BYTES),
  };
}

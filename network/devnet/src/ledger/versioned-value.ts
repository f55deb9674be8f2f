import { ledger } from '@hyperledger/fabric-protos';
import { asBuffer, sortedByKey } from './bytes.ts';
import type { KeyMetadata, Version } from './types.ts';

const { KVMetadataEntry, KVMetadataWrite } = ledger.rwset.kvrwset;

/** A value as the state holds it. */
export interface VersionedValue {
  readonly value: Buffer;
  /** A marshalled `KVMetadataWrite` without key; empty = the key has no metadata. */
  readonly metadata: Buffer;
  readonly version: Version;
}

export const NO_METADATA: Buffer = Buffer.alloc(0);

const BLOCK_BYTES = 6;
const HEADER_BYTES = BLOCK_BYTES + 4 + 4;

export function encodeVersionedValue({ value, metadata, version }: VersionedValue): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + metadata.length + value.length);
  bytes.writeUIntBE(version.block, 0, BLOCK_BYTES);
  bytes.writeUInt32BE(version.transaction, BLOCK_BYTES);
  bytes.writeUInt32BE(metadata.length, BLOCK_BYTES + 4);
  bytes.set(metadata, HEADER_BYTES);
  bytes.set(value, HEADER_BYTES + metadata.length);
  return bytes;
}

export function decodeVersionedValue(bytes: Buffer): VersionedValue {
  const metadataEnd = HEADER_BYTES + bytes.readUInt32BE(BLOCK_BYTES + 4);
  return {
    version: {
      block: bytes.readUIntBE(0, BLOCK_BYTES),
      transaction: bytes.readUInt32BE(BLOCK_BYTES),
    },
    metadata: bytes.subarray(HEADER_BYTES, metadataEnd),
    value: bytes.subarray(metadataEnd),
  };
}

/** Both absent, or both the same height. */
export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.block === b.block && a.transaction === b.transaction;
}

/** As Fabric prints a height in its error texts. */
export function versionText(version: Version | undefined): string {
  if (version === undefined) return '<nil>';
  return `{BlockNum: ${version.block}, TxNum: ${version.transaction}}`;
}

export function metadataEntries(metadata: KeyMetadata): ledger.rwset.kvrwset.KVMetadataEntry[] {
  return sortedByKey(metadata).map(([name, value]) => {
    const entry = new KVMetadataEntry();
    entry.setName(name);
    entry.setValue(value);
    return entry;
  });
}

/** Empty for no entries: removing all metadata and never having had any are the same. */
export function encodeMetadata(entries: ledger.rwset.kvrwset.KVMetadataEntry[]): Buffer {
  if (entries.length === 0) return NO_METADATA;
  const write = new KVMetadataWrite();
  write.setEntriesList(entries);
  return asBuffer(write.serializeBinary());
}

export function decodeMetadata(bytes: Buffer): KeyMetadata {
  if (bytes.length === 0) return new Map();
  const entries = KVMetadataWrite.deserializeBinary(bytes).getEntriesList();
  return new Map(entries.map((entry) => [entry.getName(), entry.getValue_asU8()]));
}

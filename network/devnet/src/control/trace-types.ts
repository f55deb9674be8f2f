import { z } from 'zod';

/** Bytes for people and programs: as text when they are UTF-8. */
export type Bytes = { readonly text: string } | { readonly base64: string };

/** Where a value was written. */
export interface TracedVersion {
  readonly block: number;
  readonly transaction: number;
}

/** An X.509 identity, as far as a block shows it. */
export interface TracedIdentity {
  readonly mspId: string;
  /** One line of `name=value` parts; empty when there is no certificate to be read. */
  readonly subject: string;
}

/** A read; without version there was nothing. */
export interface TracedRead {
  readonly key: string;
  readonly version: TracedVersion | null;
}

export interface TracedWrite {
  readonly key: string;
  /** Null = deleted. */
  readonly value: Bytes | null;
}

export interface TracedRange {
  readonly start: string;
  readonly end: string;
  readonly isExhausted: boolean;
  /** Empty when the read-write set has only a Merkle summary of them. */
  readonly reads: readonly TracedRead[];
}

/** A write to a private key, by hashes (hex). */
export interface TracedHashedWrite {
  readonly keyHash: string;
  readonly valueHash: string | null;
  readonly isPurge: boolean;
}

export interface TracedCollection {
  readonly collection: string;
  /** Keys are SHA-256, hex. */
  readonly hashedReads: readonly TracedRead[];
  readonly hashedWrites: readonly TracedHashedWrite[];
  readonly metadataKeyHashes: readonly string[];
  /** What the peer that was asked holds of it; null when it is no member, or lacks it. */
  readonly writes: readonly TracedWrite[] | null;
}

export interface TracedNamespace {
  readonly namespace: string;
  readonly reads: readonly TracedRead[];
  readonly ranges: readonly TracedRange[];
  readonly writes: readonly TracedWrite[];
  /** Keys whose metadata (endorsement policy) was set. */
  readonly metadataKeys: readonly string[];
  readonly collections: readonly TracedCollection[];
}

/** All that a committed transaction says of itself, and what became of it. */
export interface TransactionTrace {
  readonly txId: string;
  readonly block: number;
  readonly transaction: number;
  /** Name of Fabric's TxValidationCode. */
  readonly code: string;
  /** Why it has that code. */
  readonly why: string;
  readonly creator: TracedIdentity;
  /** As the client claimed it, ISO 8601. */
  readonly time: string;
  readonly chaincode: string;
  readonly args: readonly Bytes[];
  readonly response: { readonly status: number; readonly message: string; readonly payload: Bytes };
  readonly event: { readonly name: string; readonly payload: Bytes } | null;
  readonly endorsers: readonly TracedIdentity[];
  readonly namespaces: readonly TracedNamespace[];
}

const bytes: z.ZodType<Bytes> = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ base64: z.base64() }),
]);
const identity: z.ZodType<TracedIdentity> = z.object({ mspId: z.string(), subject: z.string() });
const read: z.ZodType<TracedRead> = z.object({
  key: z.string(),
  version: z.object({ block: z.int(), transaction: z.int() }).nullable(),
});
const write: z.ZodType<TracedWrite> = z.object({ key: z.string(), value: bytes.nullable() });

const namespace: z.ZodType<TracedNamespace> = z.object({
  namespace: z.string(),
  reads: z.array(read),
  ranges: z.array(
    z.object({
      start: z.string(),
      end: z.string(),
      isExhausted: z.boolean(),
      reads: z.array(read),
    }),
  ),
  writes: z.array(write),
  metadataKeys: z.array(z.string()),
  collections: z.array(
    z.object({
      collection: z.string(),
      hashedReads: z.array(read),
      hashedWrites: z.array(
        z.object({
          keyHash: z.string(),
          valueHash: z.string().nullable(),
          isPurge: z.boolean(),
        }),
      ),
      metadataKeyHashes: z.array(z.string()),
      writes: z.array(write).nullable(),
    }),
  ),
});

export const traceSchema: z.ZodType<TransactionTrace> = z.object({
  txId: z.string(),
  block: z.int(),
  transaction: z.int(),
  code: z.string(),
  why: z.string(),
  creator: identity,
  time: z.string(),
  chaincode: z.string(),
  args: z.array(bytes),
  response: z.object({ status: z.int(), message: z.string(), payload: bytes }),
  event: z.object({ name: z.string(), payload: bytes }).nullable(),
  endorsers: z.array(identity),
  namespaces: z.array(namespace),
});

import {
  PulseError,
  parseJsonInput,
  ReceivedTimes,
  type Schema,
  splitChunks,
} from '@pulseledger/domain';
import type { LedgerStub } from './ledger-context.ts';

/** JSON inputs are small, except a list of an hour's chunks. */
const MAX_INPUT_BYTES = 512 * 1024;

function transientField(stub: LedgerStub, name: string): Uint8Array {
  const bytes = stub.getTransient().get(name);
  if (bytes === undefined) {
    throw new PulseError('invalid_input', `The transient field ${name} is missing.`);
  }
  return bytes;
}

/** Everything personal comes in transient fields, because arguments are public. */
export function jsonField<T>(stub: LedgerStub, name: string, schema: Schema<T>): T {
  const bytes = transientField(stub, name);
  if (bytes.length > MAX_INPUT_BYTES) throw new PulseError('too_costly', 'The input is too large.');
  return parseJsonInput(schema, Buffer.from(bytes).toString('utf8'));
}

/** The transient field `input`, parsed by this schema. */
export function inputOf<T>(schema: Schema<T>): (stub: LedgerStub) => T {
  return (stub) => jsonField(stub, 'input', schema);
}

/** Chunks, and when each was received, if ingest says so. */
export interface ReceivedChunks {
  readonly chunks: readonly Uint8Array[];
  readonly receivedAtMs: ReceivedTimes | undefined;
}

/** The transient field `chunks`, taken apart, with `received`. */
export function receivedChunksOf(stub: LedgerStub): ReceivedChunks {
  const chunks = splitChunks(transientField(stub, 'chunks'));
  if (chunks.length === 0) throw new PulseError('invalid_input', 'There are no chunks.');
  if (!stub.getTransient().has('received')) return { chunks, receivedAtMs: undefined };
  const receivedAtMs = jsonField(stub, 'received', ReceivedTimes);
  if (receivedAtMs.length !== chunks.length) {
    throw new PulseError('invalid_input', 'There is not one time of receipt for each chunk.');
  }
  return { chunks, receivedAtMs };
}

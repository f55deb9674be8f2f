import type { ReceivedChunk } from './parse-message.ts';

/** One chunk to record, with all queue messages that brought exactly these bytes. */
export interface PackedChunk extends ReceivedChunk {
  readonly messageIds: readonly string[];
}

/** How much one transaction takes. */
export interface PackLimits {
  readonly chunks: number;
  readonly bytes: number;
}

/** Chunks of one transaction. */
export type Load = readonly PackedChunk[];

/**
 * Packs chunks into transactions, in rounds to be submitted one after the other; those of one round may go side by side.
 *
 * A transaction reads and writes the document of each of its devices, so two transactions with chunks of one device would
 * conflict: all chunks of a device are in one transaction of a round, in the order of their sequence, and what exceeds the
 * limits goes into the next round. The same bytes brought twice are one chunk.
 */
export function packChunks(received: readonly ReceivedChunk[], limits: PackLimits): Load[][] {
  const rounds: Bin[][] = [];
  for (const chunks of byDevice(received).values()) {
    for (const [round, portion] of portions(chunks, limits).entries()) {
      const bins = (rounds[round] ??= []);
      place(bins, portion, limits);
    }
  }
  return rounds.map((bins) => bins.map(({ chunks }) => chunks));
}

interface Bin {
  chunks: PackedChunk[];
  bytes: number;
}

function byDevice(received: readonly ReceivedChunk[]): Map<string, PackedChunk[]> {
  const devices = new Map<string, Map<string, ReceivedChunk & { messageIds: string[] }>>();
  for (const chunk of received) {
    const { clientId, payload } = chunk.message;
    const known =
      devices.get(clientId) ?? new Map<string, ReceivedChunk & { messageIds: string[] }>();
    devices.set(clientId, known);
    const same = known.get(payload);
    if (same === undefined) known.set(payload, { ...chunk, messageIds: [chunk.messageId] });
    else same.messageIds.push(chunk.messageId);
  }
  return new Map(
    [...devices].map(([device, chunks]) => [device, [...chunks.values()].sort(bySequence)]),
  );
}

function bySequence(one: ReceivedChunk, other: ReceivedChunk): number {
  return (
    one.header.boot - other.header.boot || one.header.firstSequence - other.header.firstSequence
  );
}

/** Cuts one device's chunks where a transaction is full. */
function portions(chunks: readonly PackedChunk[], limits: PackLimits): Bin[] {
  const cut: Bin[] = [];
  for (const chunk of chunks) {
    const last = cut.at(-1);
    const bin = last !== undefined && fits(last, chunk.bytes.length, 1, limits) ? last : undefined;
    if (bin === undefined) {
      cut.push({ chunks: [chunk], bytes: chunk.bytes.length });
    } else {
      bin.chunks.push(chunk);
      bin.bytes += chunk.bytes.length;
    }
  }
  return cut;
}

/** Into the first transaction with enough room. */
function place(bins: Bin[], portion: Bin, limits: PackLimits): void {
  const bin = bins.find((open) => fits(open, portion.bytes, portion.chunks.length, limits));
  if (bin === undefined) {
    bins.push(portion);
  } else {
    bin.chunks.push(...portion.chunks);
    bin.bytes += portion.bytes;
  }
}

function fits(bin: Bin, bytes: number, chunks: number, limits: PackLimits): boolean {
  return bin.bytes + bytes <= limits.bytes && bin.chunks.length + chunks <= limits.chunks;
}

import { readTruth } from '@pulseledger/device-simulator';
import type { ExpectedChunk } from './comparison.ts';

/** What the devices themselves know of a run, by the simulator's truth file. */
export interface Truth {
  readonly chunks: readonly ExpectedChunk[];
  /** Length of all signed chunks. */
  readonly chunkBytes: number;
  /** Readings that the broker has taken over (PUBACK). */
  readonly published: number;
  /** Readings of which the device learned that they are on the ledger. */
  readonly acknowledged: number;
  /** From the closing of a window to the ledger's acknowledgement at the device. */
  readonly commitLatencyMs: { readonly p50: number; readonly p99: number } | null;
}

/** Collects the file's lines; a chunk that was sent or answered twice counts once. */
export async function readTruthFile(file: string): Promise<Truth> {
  const wearers = new Map<string, string>();
  const chunks = new Map<string, ExpectedChunk & { readonly closedAt: number }>();
  const lengths = new Map<string, number>();
  const published = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  const latencies = new Map<string, number>();
  for await (const line of readTruth(file)) {
    if (line.t === 'device') wearers.set(line.device, line.patientId);
    if (line.t !== 'chunk' && line.t !== 'published' && line.t !== 'answered') continue;
    const { device, boot, first, count } = line;
    const name = `${device}/${String(boot)}/${String(first)}`;
    if (line.t === 'published') published.set(name, count);
    else if (line.t === 'chunk') {
      const { readings, closedAt } = line;
      const patientId = wearers.get(device) ?? '';
      lengths.set(name, line.bytes);
      chunks.set(name, { device, boot, first, patientId, readings, closedAt });
    } else if (line.status === 'committed' && !acknowledged.has(name)) {
      acknowledged.set(name, count);
      const closedAt = chunks.get(name)?.closedAt;
      if (closedAt !== undefined) latencies.set(name, line.at - closedAt);
    }
  }
  return {
    chunks: [...chunks.values()],
    chunkBytes: total(lengths),
    published: total(published),
    acknowledged: total(acknowledged),
    commitLatencyMs: percentiles([...latencies.values()]),
  };
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function percentiles(values: readonly number[]): Truth['commitLatencyMs'] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p99] = [at(0.5), at(0.99)];
  return p50 === undefined || p99 === undefined ? null : { p50, p99 };
}

import { isDeepStrictEqual } from 'node:util';
import type { Chunk, Reading } from '@pulseledger/domain';

/** A chunk as the simulator measured it. */
export interface ExpectedChunk {
  readonly device: string;
  readonly boot: number;
  readonly first: number;
  readonly patientId: string;
  readonly readings: readonly Reading[];
}

/** What became of the readings that were handed over. Counts are readings. */
export interface Comparison {
  readonly handedOver: number;
  /** On the ledger exactly as measured. */
  readonly committed: number;
  /** In the quarantine and not on the ledger. */
  readonly quarantined: number;
  readonly lost: number;
  /** On the ledger more than once. */
  readonly duplicated: number;
  /** On the ledger for these devices, but otherwise than measured, or of another patient. */
  readonly altered: number;
  readonly chunks: number;
}

export interface LedgerChunk {
  /** Whose record it was found in. */
  readonly patientId: string;
  readonly chunk: Chunk;
  /** Of the bytes as they are stored. */
  readonly sha256: string;
}

function nameOf(device: string, boot: number, first: number): string {
  return `${device}/${String(boot)}/${String(first)}`;
}

/**
 * Compares reading by reading what was handed over with what is on the ledger.
 *
 * @param quarantinedChunks names (device/boot/first) of chunks in the quarantine
 */
export function compare(
  expected: readonly ExpectedChunk[],
  ledger: readonly LedgerChunk[],
  quarantinedChunks: ReadonlySet<string>,
): Comparison {
  const measured = measuredReadings(expected);
  const devices = new Set(expected.map(({ device }) => device));
  const found = new Map<string, number>();
  const intact = new Set<string>();
  let altered = 0;
  for (const { patientId, chunk } of ledger) {
    if (!devices.has(chunk.deviceId)) continue;
    chunk.readings.forEach((reading, i) => {
      const name = nameOf(chunk.deviceId, chunk.boot, chunk.firstSequence + i);
      const truth = measured.get(name);
      found.set(name, (found.get(name) ?? 0) + 1);
      const isSame = truth?.patientId === patientId && isDeepStrictEqual(truth.reading, reading);
      if (isSame) intact.add(name);
      else altered += 1;
    });
  }
  const committed = intact.size;
  const quarantined = countQuarantined(expected, found, quarantinedChunks);
  const duplicated = [...found.values()].reduce((sum, times) => sum + times - 1, 0);
  return {
    handedOver: measured.size,
    committed,
    quarantined,
    lost: measured.size - committed - quarantined,
    duplicated,
    altered,
    chunks: ledger.filter(({ chunk }) => devices.has(chunk.deviceId)).length,
  };
}

function measuredReadings(
  expected: readonly ExpectedChunk[],
): Map<string, { patientId: string; reading: Reading }> {
  const measured = new Map<string, { patientId: string; reading: Reading }>();
  for (const { device, boot, first, patientId, readings } of expected) {
    readings.forEach((reading, i) => {
      measured.set(nameOf(device, boot, first + i), { patientId, reading });
    });
  }
  return measured;
}

function countQuarantined(
  expected: readonly ExpectedChunk[],
  found: ReadonlyMap<string, number>,
  quarantinedChunks: ReadonlySet<string>,
): number {
  const counted = new Set<string>();
  for (const { device, boot, first, readings } of expected) {
    if (!quarantinedChunks.has(nameOf(device, boot, first))) continue;
    readings.forEach((_, i) => {
      const name = nameOf(device, boot, first + i);
      if (!found.has(name)) counted.add(name);
    });
  }
  return counted.size;
}

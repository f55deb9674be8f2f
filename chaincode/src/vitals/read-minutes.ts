import {
  CHUNK_HOUR_MS,
  decodeChunk,
  MAX_SCANNED_CHUNKS,
  type Reading,
  type ReadSummariesOutput,
  ReadVitalsInput,
  type SummaryRow,
  summarizeReadings,
} from '@pulseledger/domain';

import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { chunkEntries, firstHourOf, hoursBetween } from './chunk-entries.ts';
import { requireReadingsReader } from './readings-reader.ts';

const MINUTE_MS = 60_000;

/** Sorts the readings asked for into minutes. */
class Minutes {
  readonly #input: ReadVitalsInput;
  readonly #readings = new Map<number, Reading[]>();

  constructor(input: ReadVitalsInput) {
    this.#input = input;
  }

  get count(): number {
    return this.#readings.size;
  }

  add(bytes: Uint8Array): void {
    const { fromMs, toMs, codes } = this.#input;
    for (const reading of decodeChunk(bytes).readings) {
      if (reading.atMs < fromMs || reading.atMs >= toMs) continue;
      if (codes !== undefined && !codes.includes(reading.code)) continue;
      const minute = reading.atMs - (reading.atMs % MINUTE_MS);
      const before = this.#readings.get(minute);
      if (before === undefined) this.#readings.set(minute, [reading]);
      else before.push(reading);
    }
  }

  rows(): SummaryRow[] {
    return [...this.#readings]
      .sort(([a], [b]) => a - b)
      .map(([atMs, readings]) => ({ atMs, summaries: summarizeReadings(readings) }));
  }
}

/** Pages end between hours, because only a whole hour's chunks tell all of its minutes. */
async function readMinutes(call: Call<ReadVitalsInput>): Promise<ReadSummariesOutput> {
  const { stub, input } = call;
  await requireReadingsReader(call);
  const { patientId, fromMs, toMs, bookmark } = input;
  const { lastHour } = hoursBetween(fromMs, toMs);
  const range = { patientId, firstHour: firstHourOf(fromMs, bookmark), lastHour };
  const minutes = new Minutes(input);
  let hour = range.firstHour;
  let scanned = 0;
  for await (const entry of chunkEntries(stub, range)) {
    const isFull = minutes.count >= input.pageSize || scanned >= MAX_SCANNED_CHUNKS;
    if (entry.hour !== hour && isFull) {
      return { rows: minutes.rows(), bookmark: String(entry.hour * CHUNK_HOUR_MS) };
    }
    hour = entry.hour;
    scanned += 1;
    minutes.add(entry.bytes);
  }
  return { rows: minutes.rows() };
}

export const READ_MINUTES: TransactionFunction<ReadVitalsInput> = {
  name: 'vitals:ReadMinutes',
  input: inputOf(ReadVitalsInput),
  run: readMinutes,
};

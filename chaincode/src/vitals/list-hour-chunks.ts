import {
  chunkKeyText,
  hourOf,
  ListHourChunksInput,
  type ListHourChunksOutput,
  MAX_CHUNKS_PER_HOUR,
} from '@pulseledger/domain';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { chunkEntries } from './chunk-entries.ts';

/** Which chunks an hour has: a transaction cannot list and write, so CloseHour is told them. */
async function listHourChunks({
  stub,
  input,
}: Call<ListHourChunksInput>): Promise<ListHourChunksOutput> {
  const hour = hourOf(input.hourMs);
  const range = { patientId: input.patientId, firstHour: hour, lastHour: hour };
  const chunkKeys: string[] = [];
  for await (const { chunk } of chunkEntries(stub, range)) {
    chunkKeys.push(chunkKeyText(chunk));
    if (chunkKeys.length === MAX_CHUNKS_PER_HOUR) break;
  }
  return { chunkKeys };
}

export const LIST_HOUR_CHUNKS: TransactionFunction<ListHourChunksInput> = {
  name: 'vitals:ListHourChunks',
  input: inputOf(ListHourChunksInput),
  run: listHourChunks,
};

import {
  CHUNK_HOUR_MS,
  hexFromBytes,
  hourAttribute,
  hourOf,
  ListOpenHoursInput,
  type ListOpenHoursOutput,
  type OpenHour,
  RECORD_KEYS,
  type RecordKey,
  splitCompositeKey,
} from '@pulseledger/domain';
import { entries, rangeAfter, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Key of a mark, and what is before or behind all marks of an hour. */
function openFrom(hour: number): RecordKey {
  return { objectType: 'open', attributes: [hourAttribute(hour)] };
}

function startOf(bookmark: string | undefined): string {
  if (bookmark === undefined) return rangeStart({ objectType: 'open', attributes: [] });
  const [hour = '', patientId = ''] = bookmark.split('.');
  return rangeAfter(RECORD_KEYS.open(Number(hour), patientId));
}

/** Which hours have chunks that no summary counts; of every custodian, because an hour is a patient's. */
async function listOpenHours({
  stub,
  input,
}: Call<ListOpenHoursInput>): Promise<ListOpenHoursOutput> {
  const { endedByMs, pageSize, bookmark } = input;
  const hours: OpenHour[] = [];
  for await (const { key, value } of entries(
    stub,
    startOf(bookmark),
    rangeStart(openFrom(hourOf(endedByMs))),
  )) {
    const [hour = '', patientId = ''] = splitCompositeKey(key)?.attributes ?? [];
    hours.push({ patientId, hourMs: Number(hour) * CHUNK_HOUR_MS, mark: hexFromBytes(value) });
    if (hours.length === pageSize) return { hours, bookmark: `${hour}.${patientId}` };
  }
  return { hours };
}

export const LIST_OPEN_HOURS: TransactionFunction<ListOpenHoursInput> = {
  name: 'vitals:ListOpenHours',
  input: inputOf(ListOpenHoursInput),
  run: listOpenHours,
};

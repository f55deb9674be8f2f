import {
  Identifier,
  PreviewInput,
  PulseError,
  parseInput,
  RECORD_CLASSES,
  requireSoundTerms,
  type SharedDocument,
  type SharedPage,
} from '@pulseledger/domain';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { type CopyPosition, coveredBy, coveredRecords } from './copies.ts';
import { requireSharing } from './sharing.ts';

function positionOf(bookmark: string): CopyPosition {
  const [name, id] = bookmark.split('.');
  const recordClass = RECORD_CLASSES.find((one) => one === name);
  if (recordClass === undefined) throw new PulseError('invalid_input', 'There is no such page.');
  return { recordClass, recordId: parseInput(Identifier, id) };
}

/** What an insurer would see of the record by these terms, word for word. */
async function preview(call: Call<PreviewInput>): Promise<SharedPage> {
  const { stub, input, nowMs } = call;
  const { terms, pageSize, bookmark } = input;
  await requireSharing(call, terms.patientId);
  requireSoundTerms(terms, nowMs);
  const from = bookmark === undefined ? undefined : positionOf(bookmark);
  const share = await coveredBy(stub, terms, nowMs);
  const records: SharedDocument[] = [];
  if (share === undefined) return { records };
  let last: CopyPosition | undefined;
  for await (const { recordClass, recordId, copy } of coveredRecords(stub, share, from)) {
    if (last !== undefined && records.length === pageSize) {
      return { records, bookmark: `${last.recordClass}.${last.recordId}` };
    }
    records.push(copy);
    last = { recordClass, recordId };
  }
  return { records };
}

export const PREVIEW: TransactionFunction<PreviewInput> = {
  name: 'consent:Preview',
  input: inputOf(PreviewInput),
  run: preview,
};

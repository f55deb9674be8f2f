import { asAwsError } from '../aws/json-protocol.ts';
import { sqsError } from './sqs-errors.ts';
import { type Entries, type Entry, MAX_BATCH_ENTRIES } from './sqs-schemas.ts';

/** A batch fails entry by entry; only a batch that is malformed as such fails whole. */
export async function eachEntry<Rest>(
  input: Entries<Rest>,
  work: (entry: Entry<Rest>) => Promise<object>,
): Promise<object> {
  checkBatch(input.Entries.map(({ Id }) => Id));
  const successful: object[] = [];
  const failed: object[] = [];
  await Promise.all(
    input.Entries.map(async (entry) => {
      try {
        successful.push({ Id: entry.Id, ...(await work(entry)) });
      } catch (error) {
        const { code, message, status } = asAwsError(error);
        failed.push({ Id: entry.Id, Code: code, Message: message, SenderFault: status < 500 });
      }
    }),
  );
  return { Successful: successful, Failed: failed };
}

function checkBatch(ids: readonly string[]): void {
  if (ids.length === 0) throw sqsError('EmptyBatchRequest', 'The batch is empty.');
  if (ids.length > MAX_BATCH_ENTRIES) {
    throw sqsError('TooManyEntriesInBatchRequest', 'A batch has at most 10 entries.');
  }
  if (new Set(ids).size < ids.length) {
    throw sqsError('BatchEntryIdsNotDistinct', 'Two entries of the batch have the same id.');
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectionProfile } from '@pulseledger/domain';
import { loadPeople } from '../../local/src/supervisor/people.ts';
import {
  type RecordedTransactions,
  TransactionWatch,
} from '../../local/src/supervisor/transactions.ts';

/** Every recording since the first block, counted by the ledger's own events. */
export async function recordedChunks(
  folder: string,
  expected: number,
): Promise<RecordedTransactions> {
  const keys = join(folder, 'keys');
  const text = await readFile(join(folder, 'run', 'connection-profile.json'), 'utf8');
  const parsed: unknown = JSON.parse(text);
  const watch = await TransactionWatch.open(
    keys,
    ConnectionProfile.parse(parsed),
    await loadPeople(keys, { wearers: 0, hasStory: false }, 0),
  );
  try {
    // One more than expected: a chunk recorded twice shall be counted, not stopped at.
    return await watch.count(0n, expected + 1);
  } finally {
    watch.close();
  }
}

import { join } from 'node:path';
import { readIfPresent } from '../../../identity/src/index.ts';

/** A snapshot could not be made or taken back; the message says what, why and what to do. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** Is there while a restore is at work: keys and ledger may not belong together then. */
export function restoreMarker(dataDir: string): string {
  return join(dataDir, 'restore.json');
}

/** @throws SnapshotError when a restore was cut off in that folder. */
export async function checkNoRestoreCutOff(dataDir: string): Promise<void> {
  const marker = await readIfPresent(restoreMarker(dataDir));
  if (marker === undefined) return;
  throw new SnapshotError(
    'A restore into this folder was cut off. Run the same restore again before anything else.',
  );
}

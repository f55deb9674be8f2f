import { createHash } from 'node:crypto';
import { type ConnectionProfile, decodeChunk, MAX_PAGE_SIZE } from '@pulseledger/domain';
import { connectGateway, RecordClient } from '@pulseledger/ledger';
import type { ExpectedChunk, LedgerChunk } from './comparison.ts';
import { personFromKeys } from './key-identity.ts';
import type { People } from './people.ts';
import { inParallel, patientClaims } from './seeding.ts';

const AT_ONCE = 32;

/** All chunks of these patients, each read with the patient's own certificate. */
export async function readLedger(
  keys: string,
  profile: ConnectionProfile,
  people: People,
  expected: readonly ExpectedChunk[],
): Promise<LedgerChunk[]> {
  const times = expected.flatMap(({ readings }) => readings.map(({ atMs }) => atMs));
  const fromMs = times.reduce((least, atMs) => Math.min(least, atMs), Number.MAX_SAFE_INTEGER);
  const toMs = times.reduce((most, atMs) => Math.max(most, atMs), 0) + 1;
  const connection = connectGateway(profile, 'hospital');
  const found: LedgerChunk[] = [];
  const patients = new Set(expected.map(({ patientId }) => patientId));
  try {
    await inParallel([...patients], AT_ONCE, async (patientId) => {
      const signatories = await personFromKeys(keys, patientClaims(people, patientId));
      const record = new RecordClient({ connection, signatories });
      found.push(...(await readPatient(record, patientId, fromMs, toMs)));
    });
  } finally {
    connection.close();
  }
  return found;
}

async function readPatient(
  record: RecordClient,
  patientId: string,
  fromMs: number,
  toMs: number,
): Promise<LedgerChunk[]> {
  const found: LedgerChunk[] = [];
  let bookmark: string | undefined;
  do {
    const range = { patientId, fromMs, toMs, pageSize: MAX_PAGE_SIZE };
    const page = await record.readChunks(bookmark === undefined ? range : { ...range, bookmark });
    for (const text of page.chunks) {
      const bytes = Buffer.from(text, 'base64');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      found.push({ patientId, chunk: decodeChunk(bytes), sha256 });
    }
    bookmark = page.bookmark;
  } while (bookmark !== undefined);
  return found;
}

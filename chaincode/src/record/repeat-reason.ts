import {
  type AttestedTest,
  type Claims,
  labGroupOf,
  PulseError,
  type RecordDocument,
  type RecordWrite,
  testsOrdered,
} from '@pulseledger/domain';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { standingResults } from './equivalent-results.ts';

/** What one test's order needs. Of results with the same time all providers name the same one. */
async function attestTest(
  stub: LedgerStub,
  patientId: string,
  loinc: string,
  reader: Parameters<typeof standingResults>[3],
): Promise<AttestedTest> {
  const group = labGroupOf(loinc);
  const found = group === undefined ? [] : await standingResults(stub, patientId, group, reader);
  return { loinc, recentResultId: found[0]?.recordId ?? null };
}

/**
 * For each test the newest result that stands for it and that the reader may see. Nothing of the
 * result is shown but its id, so that no chart need be open. Only for evaluated functions.
 */
export async function attestTests(
  stub: LedgerStub,
  patientId: string,
  tests: readonly string[],
  reader: Parameters<typeof standingResults>[3],
): Promise<AttestedTest[]> {
  const attested: AttestedTest[] = [];
  for (const loinc of new Set(tests)) {
    attested.push(await attestTest(stub, patientId, loinc, reader));
  }
  return attested;
}

/**
 * An order for a test of which there is a recent result needs a reason that names the result. Both
 * providers attest which tests these are: the write itself reads nothing that other visits share.
 *
 * @throws PulseError `bad_attestation` when nobody was asked about a test, `reason_needed`.
 */
export function requireReason(
  { tests }: Claims,
  { recordClass, resource, repeat }: RecordWrite,
  known: RecordDocument | undefined,
): void {
  if (recordClass !== 'order') return;
  for (const loinc of testsOrdered(known?.resource ?? null, resource)) {
    const attested = tests.find((test) => test.loinc === loinc);
    if (attested === undefined) {
      throw new PulseError('bad_attestation', 'The attestation leaves out a test of the order.');
    }
    const { recentResultId } = attested;
    if (recentResultId !== null && repeat?.shown.includes(recentResultId) !== true) {
      throw new PulseError('reason_needed');
    }
  }
}

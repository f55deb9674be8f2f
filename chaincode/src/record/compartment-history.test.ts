import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReadRecordsOutput, type RecordWrite } from '@pulseledger/domain';
import { openChart } from '../testing/attesting.ts';
import type { LedgerDouble } from '../testing/ledger-double.ts';
import {
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  PATIENT_ID,
  PEOPLE,
  setTreating,
} from '../testing/story.ts';
import { writeOf, writeRecords } from '../testing/writing.ts';

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setTreating(ledger, PEOPLE.doctor);
});

function condition(): RecordWrite {
  const resource = { resourceType: 'Condition', code: { text: 'Asthma' } };
  return writeOf({ recordClass: 'condition', resource });
}

async function page(input: object, nowMs = NOON_MS): Promise<ReadRecordsOutput> {
  const identity = PEOPLE.doctor;
  const permitId = await openChart(ledger, identity, { patientId: PATIENT_ID }, nowMs);
  const asked = { patientId: PATIENT_ID, permitId, pageSize: 100, ...input };
  return ReadRecordsOutput.parse(
    await ledger.evaluate('record:Read', { identity, input: asked, nowMs }),
  );
}

describe('the history of the compartment', () => {
  const everything = { history: { sinceMs: 0 } };
  const shown = ({ records }: ReadRecordsOutput): [string, number][] =>
    records.map(({ recordId, version }) => [recordId, version]);

  it('has every version of each record, the deleted ones too, and loses none between pages', async () => {
    const [kept, amended, deleted] = [condition(), condition(), condition()];
    await writeRecords(ledger, PEOPLE.doctor, [kept, amended, deleted]);
    for (const ifVersion of [1, 2, 3]) {
      await writeRecords(ledger, PEOPLE.doctor, [{ ...amended, ifVersion }]);
    }
    await writeRecords(ledger, PEOPLE.doctor, [{ ...deleted, ifVersion: 1, resource: null }]);
    const versions = new Map([
      [kept.recordId, [1]],
      [amended.recordId, [4, 3, 2, 1]],
      [deleted.recordId, [2, 1]],
    ]);
    const whole = [...versions.keys()]
      .sort()
      .flatMap((id) => versions.get(id)?.map((version) => [id, version]));
    for (const pageSize of [1, 2, 3, 100]) {
      const seen: [string, number][] = [];
      let bookmark: string | undefined;
      do {
        const found = await page({ ...everything, pageSize, bookmark });
        seen.push(...shown(found));
        bookmark = found.bookmark;
      } while (bookmark !== undefined);
      expect(seen).toEqual(whole);
    }
  });

  it('has the records written since, each with all its versions', async () => {
    const [old, amended] = [condition(), condition()];
    await writeRecords(ledger, PEOPLE.doctor, [old, amended]);
    const nowMs = NOON_MS + MINUTE_MS;
    await writeRecords(ledger, PEOPLE.doctor, [{ ...amended, ifVersion: 1 }], { nowMs });
    const since = await page({ history: { sinceMs: nowMs } }, nowMs);
    expect(shown(since)).toEqual([2, 1].map((version) => [amended.recordId, version]));
  });
});

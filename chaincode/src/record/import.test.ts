import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  canonicalJson,
  classOfResource,
  type FhirResource,
  MAX_WRITE_INPUT_BYTES,
  ReadRecordsOutput,
  type RecordWrite,
} from '@pulseledger/domain';
import { openChart } from '../testing/attesting.ts';
import { LedgerDouble } from '../testing/ledger-double.ts';
import { ledgerWith, NOON_MS, PEOPLE } from '../testing/story.ts';
import { newId, writeOf, writeRecords } from '../testing/writing.ts';

const DATA = join(__dirname, '..', '..', '..', '..', 'shared', 'data');

interface Bundle {
  readonly entry: readonly { readonly resource: FhirResource }[];
}

function bundles(folder: string): [string, FhirResource[]][] {
  const path = join(DATA, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const bundle = JSON.parse(readFileSync(join(path, name), 'utf8')) as Bundle;
      return [name, bundle.entry.map(({ resource }) => resource)];
    });
}

/** Bundles about one patient; those of hospitals and practitioners go to the directory. */
const PATIENT_BUNDLES = [...bundles('synthea'), ...bundles('ips')].filter(([, resources]) =>
  resources.some(({ resourceType }) => resourceType === 'Patient'),
);

function writesOf(patientId: string, resources: readonly FhirResource[]): RecordWrite[] {
  return resources.map((resource) => {
    const recordClass = classOfResource(resource);
    if (recordClass === undefined) throw new Error('there is no class for it');
    const recordId = recordClass === 'basics' ? patientId : newId();
    return writeOf({ recordClass, recordId, resource });
  });
}

/** As an import does: the patient first, the rest in as few transactions as the limit allows. */
function batches(writes: readonly RecordWrite[]): RecordWrite[][] {
  const made: RecordWrite[][] = [[]];
  let bytes = 0;
  for (const write of writes) {
    const size = Buffer.byteLength(canonicalJson(write));
    if (bytes + size > MAX_WRITE_INPUT_BYTES - 1_000) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1)?.push(write);
    bytes += size + 1;
  }
  return made;
}

async function readBack(ledger: LedgerDouble, patientId: string): Promise<string[]> {
  const permitId = await openChart(ledger, PEOPLE.doctor, { patientId }, NOON_MS);
  const resources: string[] = [];
  let bookmark: string | undefined;
  do {
    const input = { patientId, permitId, pageSize: 1_000, bookmark };
    const call = { identity: PEOPLE.doctor, input, nowMs: NOON_MS };
    const page = ReadRecordsOutput.parse(await ledger.evaluate('record:Read', call));
    resources.push(...page.records.map(({ resource }) => canonicalJson(resource)));
    bookmark = page.bookmark;
  } while (bookmark !== undefined);
  return resources.sort();
}

const withData = PATIENT_BUNDLES.length === 0 ? describe.skip : describe;

withData('bundles of real form (skipped: ../shared/data is not there)', () => {
  it.each(PATIENT_BUNDLES)('%s is written and read back equal', async (_name, resources) => {
    const ledger = await ledgerWith();
    const patientId = newId();
    // Its references name ids of the bundle; rewriting them is the importer's work.
    const own = resources.map((resource) => withoutPatientReference(resource));
    const [registration = [], ...rest] = batches(
      writesOf(patientId, own).sort((a, b) => order(a) - order(b)),
    );
    const register = { action: 'register' as const, recordClass: 'basics' as const };
    const creates = new Set(registration.map(({ recordClass }) => recordClass));
    creates.delete('basics');
    const wants = [
      register,
      ...[...creates].map((recordClass) => ({ action: 'create' as const, recordClass })),
    ];
    await writeRecords(ledger, PEOPLE.doctor, registration, { patientId, wants });
    for (const batch of rest) await writeRecords(ledger, PEOPLE.doctor, batch, { patientId });
    expect(await readBack(ledger, patientId)).toEqual(own.map((one) => canonicalJson(one)).sort());
  });
});

function order({ recordClass }: RecordWrite): number {
  return recordClass === 'basics' ? 0 : 1;
}

function withoutPatientReference(resource: FhirResource): FhirResource {
  const text = JSON.stringify(resource).replaceAll('"Patient/', '"urn:uuid:');
  return JSON.parse(text) as FhirResource;
}

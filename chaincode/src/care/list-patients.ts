import {
  Identifier,
  ListPatientsInput,
  type ListPatientsOutput,
  PatientDocument,
  type PatientView,
  parseInput,
  RECORD_KEYS,
  TreatingDocument,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeAfter, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { patientView } from './read-patient.ts';

/** Relations, live and ended, that one call looks at. */
const MAX_SCANNED = 500;

/** Is a relation live for this organization at this time? */
function isLive(relation: TreatingDocument, mspId: string, nowMs: number): boolean {
  return (
    relation.mspId === mspId &&
    relation.fromMs <= nowMs &&
    (relation.untilMs === null || nowMs < relation.untilMs)
  );
}

/** The patients whom the caller treats now, in the order of their ids. */
async function listPatients({
  stub,
  caller,
  input,
  nowMs,
}: Call<ListPatientsInput>): Promise<ListPatientsOutput> {
  const practitionerId = caller.subjectId ?? '';
  const prefix = { objectType: 'treated', attributes: [practitionerId] };
  const start =
    input.bookmark === undefined
      ? rangeStart(prefix)
      : rangeAfter(RECORD_KEYS.treated(practitionerId, parseInput(Identifier, input.bookmark)));
  const patients: PatientView[] = [];
  let scanned = 0;
  for await (const { value } of entries(stub, start, rangeEnd(prefix))) {
    const relation = parseDocument(value, TreatingDocument);
    if (isLive(relation, caller.mspId, nowMs)) {
      const key = RECORD_KEYS.patient(relation.patientId);
      const patient = await readDocument(stub, key, PatientDocument);
      if (patient !== undefined) patients.push(patientView(patient));
    }
    scanned += 1;
    if (patients.length === input.pageSize || scanned === MAX_SCANNED) {
      return { patients, bookmark: relation.patientId };
    }
  }
  return { patients };
}

export const LIST_PATIENTS: TransactionFunction<ListPatientsInput> = {
  name: 'care:ListPatients',
  input: inputOf(ListPatientsInput),
  run: listPatients,
};

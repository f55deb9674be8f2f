/** The clinical record on the ledger, as one caller: the contract `record` behind the port. */
import {
  type Action,
  FindByKeyInput,
  FindByKeyOutput,
  FindUniqueInput,
  HistoryInput,
  HistoryOutput,
  LocateInput,
  Place,
  type Purpose,
  ReadRecordsInput,
  ReadRecordsOutput,
  ReadVersionInput,
  RecordView,
  type RecordWrite,
  type Want,
  WriteRecordsInput,
  WriteRecordsOutput,
} from '@pulseledger/domain';
import type { LedgerCalls } from '@pulseledger/ledger';
import type { ClinicalPort } from './clinical-port.ts';

export function ledgerClinical(calls: LedgerCalls): ClinicalPort {
  return {
    openChart: (request) => calls.charts.open(request),
    writeRecords: (input, purpose) => writeRecords(calls, input, purpose),
    readRecords: (input) => calls.read('record:Read', ReadRecordsInput, input, ReadRecordsOutput),
    readVersion: (input) => calls.read('record:ReadVersion', ReadVersionInput, input, RecordView),
    recordHistory: (input) => calls.read('record:History', HistoryInput, input, HistoryOutput),
    locateRecord: (input) => calls.read('record:Locate', LocateInput, input, Place),
    findByKey: (input) => calls.read('record:FindByKey', FindByKeyInput, input, FindByKeyOutput),
    findUnique: (input) => calls.read('record:FindUnique', FindUniqueInput, input, Place),
  };
}

/** With a decision about each kind of change, attested by both providers. */
function writeRecords(
  calls: LedgerCalls,
  input: WriteRecordsInput,
  purpose: Purpose,
): Promise<WriteRecordsOutput> {
  const { patientId, writes } = input;
  const wants = new Map(writes.map(wantOf).map((want) => [JSON.stringify(want), want]));
  return calls.submitAttested('record:Write', {
    schema: WriteRecordsInput,
    input,
    output: WriteRecordsOutput,
    request: { patientId, purpose, wants: [...wants.values()] },
  });
}

function wantOf({ recordClass, ifVersion, resource, labels }: RecordWrite): Want {
  const action = actionOf(ifVersion, resource === null);
  const isRegistration = recordClass === 'basics' && action === 'create';
  const want = { action: isRegistration ? ('register' as const) : action, recordClass };
  return labels.length === 0 ? want : { ...want, labels: [...labels].sort() };
}

function actionOf(ifVersion: number | null, isDeletion: boolean): Action {
  if (ifVersion === null) return 'create';
  return isDeletion ? 'delete' : 'amend';
}

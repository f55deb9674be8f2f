/** Ports whose methods are those of several clients of the ledger. */
import type { AccessClient, ClinicalClient, RecordClient } from '@pulseledger/ledger';
import type { PagePort } from './page-port.ts';
import type { RelationPort } from './relation-port.ts';

export function ledgerPage(
  record: RecordClient,
  access: AccessClient,
  clinical: ClinicalClient,
): PagePort {
  return {
    listPatients: (input) => record.listPatients(input),
    readMinutes: (input) => record.readMinutes(input),
    readHours: (input) => record.readHours(input),
    listAccess: (input) => access.listAccess(input),
    listOrders: (input) => clinical.listOrders(input),
  };
}

export function ledgerRelations(record: RecordClient, access: AccessClient): RelationPort {
  return {
    listTreating: (input) => record.listTreating(input),
    setTreating: (input) => record.setTreating(input),
    endTreating: (input) => record.endTreating(input),
    listRepresentatives: (input) => access.listRepresentatives(input),
    setRepresentative: (patientId, input) => access.setRepresentative(patientId, input),
    endRepresentative: (patientId, input) => access.endRepresentative(patientId, input),
  };
}

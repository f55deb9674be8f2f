/** The clinical record with the bytes of documents beside the ledger. */
import type { DocumentStore } from '@pulseledger/ledger';
import type { ClinicalPort } from '../record/clinical-port.ts';
import { showData, storeData } from './attached-data.ts';

/**
 * Bytes go to the store before the record is written; a record alone, or one version, is shown with them, lists are
 * shown without.
 */
export function documentsApart(port: ClinicalPort, documents: DocumentStore): ClinicalPort {
  return {
    writeRecords: async (input, purpose) => {
      const writes = await Promise.all(input.writes.map((write) => storeData(documents, write)));
      return port.writeRecords({ ...input, writes }, purpose);
    },
    writeFirstBasics: (input) => port.writeFirstBasics(input),
    readRecords: async (input) => {
      const answer = await port.readRecords(input);
      const store = input.recordId === undefined ? undefined : documents;
      const records = await Promise.all(answer.records.map((view) => showData(store, view)));
      return { ...answer, records };
    },
    readVersion: async (input) => showData(documents, await port.readVersion(input)),
    recordHistory: async (input) => {
      const answer = await port.recordHistory(input);
      const versions = await Promise.all(answer.versions.map((view) => showData(undefined, view)));
      return { ...answer, versions };
    },
    locateRecord: (input) => port.locateRecord(input),
    findByKey: (input) => port.findByKey(input),
    findUnique: (input) => port.findUnique(input),
  };
}

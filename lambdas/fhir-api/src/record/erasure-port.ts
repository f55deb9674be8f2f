/**
 * Erasures as one caller may ask for, answer and carry out. Each method is the contract function of the same name, which
 * decides itself whether the caller may. All throw PulseError.
 */
import type { ClinicalClient, DocumentStore } from '@pulseledger/ledger';
import { conceal } from './chart.ts';

type Clinical = Pick<
  ClinicalClient,
  'requestErasure' | 'answerErasure' | 'readErasures' | 'listErasures' | 'eraseStep'
>;

export interface ErasurePort extends Omit<Clinical, 'eraseStep'> {
  /** Purges what fits into one step; 0 once nothing was left. */
  eraseStep(input: Parameters<Clinical['eraseStep']>[0]): Promise<number>;
}

/** Bytes of documents are deleted before the keys that open them. */
export function ledgerErasures(client: Clinical, documents: DocumentStore): ErasurePort {
  return {
    requestErasure: (patientId, scope) => client.requestErasure(patientId, scope),
    answerErasure: (input) => client.answerErasure(input),
    readErasures: (patientId) => conceal(client.readErasures(patientId)),
    listErasures: (input) => client.listErasures(input),
    eraseStep: (input) => client.eraseStep(input, (objectIds) => documents.deleteAll(objectIds)),
  };
}

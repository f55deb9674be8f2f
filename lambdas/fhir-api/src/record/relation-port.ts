import type {
  ChangeOutput,
  EndRepresentativeInput,
  EndTreatingInput,
  ListRepresentativesOutput,
  ListTreatingOutput,
  PatientInput,
  SetRepresentativeInput,
  SetTreatingInput,
} from '@pulseledger/domain';
import { conceal } from './chart.ts';

/**
 * Who treats a patient, and who acts for one. The ledger's clients have this shape; each method is the contract function of
 * the same name and decides itself whether the caller may. All throw PulseError.
 */
export interface RelationPort {
  listTreating(input: PatientInput): Promise<ListTreatingOutput>;
  setTreating(input: SetTreatingInput): Promise<ChangeOutput>;
  endTreating(input: EndTreatingInput): Promise<ChangeOutput>;
  listRepresentatives(input: PatientInput): Promise<ListRepresentativesOutput>;
  setRepresentative(patientId: string, input: SetRepresentativeInput): Promise<ChangeOutput>;
  endRepresentative(patientId: string, input: EndRepresentativeInput): Promise<ChangeOutput>;
}

/** The same, where what may not be read looks like what does not exist; who may not act is told so. */
export function concealingRelations(port: RelationPort): RelationPort {
  return {
    listTreating: (input) => conceal(port.listTreating(input)),
    setTreating: (input) => port.setTreating(input),
    endTreating: (input) => port.endTreating(input),
    listRepresentatives: (input) => conceal(port.listRepresentatives(input)),
    setRepresentative: (patientId, input) => port.setRepresentative(patientId, input),
    endRepresentative: (patientId, input) => port.endRepresentative(patientId, input),
  };
}

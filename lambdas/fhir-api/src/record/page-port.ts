import type {
  ListAccessInput,
  ListAccessOutput,
  ListOrdersInput,
  ListOrdersOutput,
  ListPatientsInput,
  ListPatientsOutput,
  ReadSummariesOutput,
} from '@pulseledger/domain';
import { conceal } from './chart.ts';
import type { VitalsInput } from './port.ts';

/**
 * What pages and the command line read beside FHIR. The ledger's clients have this shape; each method is the contract function
 * of the same name and decides itself whether the caller may. All throw PulseError.
 */
export interface PagePort {
  listPatients(input: ListPatientsInput): Promise<ListPatientsOutput>;
  readMinutes(input: VitalsInput): Promise<ReadSummariesOutput>;
  readHours(input: VitalsInput): Promise<ReadSummariesOutput>;
  listAccess(input: ListAccessInput): Promise<ListAccessOutput>;
  listOrders(input: ListOrdersInput): Promise<ListOrdersOutput>;
}

/** The same, where what may not be read looks like what does not exist. */
export function concealingPage(port: PagePort): PagePort {
  return {
    // It names the caller's own patients only: whoever has none by their role is told so.
    listPatients: (input) => port.listPatients(input),
    readMinutes: (input) => conceal(port.readMinutes(input)),
    readHours: (input) => conceal(port.readHours(input)),
    listAccess: (input) => conceal(port.listAccess(input)),
    listOrders: (input) => port.listOrders(input),
  };
}

import type {
  AcknowledgeInput,
  ChangeOutput,
  ReadAlarmsOutput,
  SetLimitsInput,
} from '@pulseledger/domain';
import { conceal } from './chart.ts';

/** What the client of the ledger makes itself. */
type Made = 'entryId' | 'saltHex';

/**
 * Alarms of patients. The ledger's client has this shape; each method is the contract function of the same name and decides
 * itself whether the caller may. All throw PulseError.
 */
export interface WatchPort {
  readAlarms(input: { readonly patientId: string }): Promise<ReadAlarmsOutput>;
  acknowledge(input: Omit<AcknowledgeInput, Made>): Promise<ChangeOutput>;
  setLimits(input: Omit<SetLimitsInput, Made>): Promise<ChangeOutput>;
}

/** The same, where what may not be read looks like what does not exist; who may read but not act is told so. */
export function concealingWatch(port: WatchPort): WatchPort {
  return {
    readAlarms: (input) => conceal(port.readAlarms(input)),
    acknowledge: (input) => port.acknowledge(input),
    setLimits: (input) => port.setLimits(input),
  };
}

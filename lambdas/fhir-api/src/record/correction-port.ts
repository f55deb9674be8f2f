/**
 * Requests for correction as one caller may make, see and answer them. Each method is the contract function of the same
 * name, which decides itself whether the caller may. All throw PulseError.
 */
import type { CorrectionClient } from '@pulseledger/ledger';

export type CorrectionPort = Pick<
  CorrectionClient,
  'requestCorrection' | 'answerCorrection' | 'readCorrections'
>;

import type {
  ChangeOutput,
  EmergencyClaim,
  FindInEmergencyInput,
  FindInEmergencyOutput,
  ReportOutput,
  ReviewInput,
  ReviewsInput,
  ReviewsOutput,
} from '@pulseledger/domain';
import type { EmergencyOpening } from '@pulseledger/ledger';

/**
 * Break-glass. The ledger's client has this shape; each method is the contract function of the same name and decides itself
 * whether the caller may. All throw PulseError.
 */
export interface EmergencyPort {
  find(input: FindInEmergencyInput): Promise<FindInEmergencyOutput>;
  /** Opens also while nothing can be ordered. */
  open(request: {
    readonly patientId: string;
    readonly emergency: EmergencyClaim;
  }): Promise<EmergencyOpening>;
  reviews(input: ReviewsInput): Promise<ReviewsOutput>;
  review(input: Omit<ReviewInput, 'saltHex'>): Promise<ChangeOutput>;
  report(input: ReviewsInput): Promise<ReportOutput>;
}

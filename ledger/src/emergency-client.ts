import {
  ChangeOutput,
  CommitIntentInput,
  EmergencyIntent,
  FindInEmergencyInput,
  FindInEmergencyOutput,
  ReadOnIntentOutput,
  ReportOutput,
  ReviewInput,
  ReviewsInput,
  ReviewsOutput,
  SetEmergencyChoiceInput,
  SetWristbandInput,
} from '@pulseledger/domain';
import type { OpeningOptions } from './charts.ts';
import { LedgerCalls, type LedgerCallsOptions } from './ledger-calls.ts';
import type { ChartRequest, OpenedChart } from './opened-chart.ts';

/** Break-glass: contract `emergency`. */
export class EmergencyClient {
  readonly calls: LedgerCalls;

  constructor(options: LedgerCallsOptions | LedgerCalls) {
    this.calls = options instanceof LedgerCalls ? options : new LedgerCalls(options);
  }

  /** `emergency:SetWristband`, by a provider's clinician or administrator. */
  setWristband(patientId: string, input: SetWristbandInput): Promise<ChangeOutput> {
    return this.calls.submitAttested('emergency:SetWristband', {
      ...{ schema: SetWristbandInput, input, output: ChangeOutput },
      request: { patientId, wants: [{ action: 'register', recordClass: 'basics' }] },
    });
  }

  /** `emergency:SetChoice`, by the patient: refuse break-glass, or allow it again. */
  setChoice(patientId: string, input: SetEmergencyChoiceInput): Promise<ChangeOutput> {
    return this.calls.submitAttested('emergency:SetChoice', {
      ...{ schema: SetEmergencyChoiceInput, input, output: ChangeOutput },
      request: { patientId, wants: [{ action: 'share', recordClass: 'basics' }] },
    });
  }

  /** `emergency:Find`, by an emergency medic. */
  find(input: FindInEmergencyInput): Promise<FindInEmergencyOutput> {
    return this.calls.read('emergency:Find', FindInEmergencyInput, input, FindInEmergencyOutput);
  }

  /** Opens the chart with a stated emergency, by an emergency medic. */
  breakGlass(
    request: ChartRequest & Required<Pick<ChartRequest, 'emergency'>>,
    options: OpeningOptions = {},
  ): Promise<OpenedChart> {
    return this.calls.charts.open(request, options);
  }

  /** `emergency:ReadOnIntent`, by an organization's API, which has stored the intent durably: what it opens. */
  readOnIntent(intent: EmergencyIntent): Promise<ReadOnIntentOutput> {
    return this.calls.read('emergency:ReadOnIntent', EmergencyIntent, intent, ReadOnIntentOutput);
  }

  /** `emergency:CommitIntent`, by an organization's API, when ordering is back; repeating it is harmless. */
  commitIntent(input: CommitIntentInput): Promise<ChangeOutput> {
    return this.calls.change('emergency:CommitIntent', CommitIntentInput, input);
  }

  /** `emergency:Reviews`, by an administrator of the medic's organization. */
  reviews(input: ReviewsInput): Promise<ReviewsOutput> {
    return this.calls.read('emergency:Reviews', ReviewsInput, input, ReviewsOutput);
  }

  /** `emergency:Review`, by an administrator of the medic's organization. */
  review(input: ReviewInput): Promise<ChangeOutput> {
    return this.calls.change('emergency:Review', ReviewInput, input);
  }

  /** `emergency:Report`, by an administrator: who does it again and again. */
  report(input: ReviewsInput): Promise<ReportOutput> {
    return this.calls.read('emergency:Report', ReviewsInput, input, ReportOutput);
  }
}

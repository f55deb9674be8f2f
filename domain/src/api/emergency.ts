import { z } from 'zod';
import {
  EMERGENCY_REASONS,
  type EmergencyReason,
  RecordClassSchema,
} from '../access/attestation.ts';
import { VERDICTS, type Verdict } from '../access/documents.ts';
import {
  FindInEmergencyInput,
  FindInEmergencyOutput,
  ReportOutput,
  ReviewsOutput,
} from '../access/emergency.ts';
import { REASON_CODES, type ReasonCode, type RecordClass } from '../access/vocabulary.ts';
import { Identifier, MomentMs } from '../identifiers.ts';

/** Body of `POST /emergency/find`: the wristband's token, or family name and birth date. */
export type EmergencyFindRequest = FindInEmergencyInput;
export const EmergencyFindRequest: z.ZodType<EmergencyFindRequest> = FindInEmergencyInput;

/** Answer of `POST /emergency/find`. */
export type EmergencyFindAnswer = FindInEmergencyOutput;
export const EmergencyFindAnswer: z.ZodType<EmergencyFindAnswer> = FindInEmergencyOutput;

/** Body of `POST /emergency/open`. */
export interface EmergencyOpenRequest {
  readonly patientId: string;
  readonly reasonCode: EmergencyReason;
  readonly text: string;
}
export const EmergencyOpenRequest: z.ZodType<EmergencyOpenRequest> = z.strictObject({
  patientId: Identifier,
  reasonCode: z.enum(EMERGENCY_REASONS),
  text: z.string().min(3).max(500),
});

/** Answer of `POST /emergency/open`; then `GET /Patient/{id}/$summary` reads it. */
export interface EmergencyOpenAnswer {
  readonly permitId: string;
  readonly untilMs: number;
  readonly classes: readonly {
    readonly recordClass: RecordClass;
    readonly outcome: 'permit' | 'deny';
    readonly reason: ReasonCode;
  }[];
  /** The entry could not be committed yet and follows. */
  readonly isEntryLate: boolean;
  /** Always the same sentence: what is not shown is not "none known". */
  readonly partsMayBeWithheld: string;
}
export const EmergencyOpenAnswer: z.ZodType<EmergencyOpenAnswer> = z.object({
  permitId: Identifier,
  untilMs: MomentMs,
  classes: z.array(
    z.object({
      recordClass: RecordClassSchema,
      outcome: z.enum(['permit', 'deny']),
      reason: z.enum(REASON_CODES),
    }),
  ),
  isEntryLate: z.boolean(),
  partsMayBeWithheld: z.string(),
});

/** Answer of `GET /emergency/reviews`, by an administrator of the medic's organization. */
export type EmergencyReviewsAnswer = ReviewsOutput;
export const EmergencyReviewsAnswer: z.ZodType<EmergencyReviewsAnswer> = ReviewsOutput;

/** Body of `POST /emergency/reviews/{permitId}`. */
export interface EmergencyReviewRequest {
  readonly verdict: Verdict;
  readonly text: string;
}
export const EmergencyReviewRequest: z.ZodType<EmergencyReviewRequest> = z.strictObject({
  verdict: z.enum(VERDICTS),
  text: z.string().max(1_000),
});

/** Answer of `GET /emergency/report`: who breaks the glass again and again. */
export type EmergencyReportAnswer = ReportOutput;
export const EmergencyReportAnswer: z.ZodType<EmergencyReportAnswer> = ReportOutput;

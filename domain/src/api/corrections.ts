import { z } from 'zod';
import {
  type CorrectionOutcome,
  isOneOutcome,
  MAX_CORRECTION_TEXT,
  ReadCorrectionsOutput,
} from '../clinical/correction.ts';
import { Identifier } from '../identifiers.ts';

const Words: z.ZodType<string> = z.string().trim().min(3).max(MAX_CORRECTION_TEXT);
const Version: z.ZodType<number> = z.int().min(1);

/** Body of `POST /patients/{id}/corrections`. */
export interface CorrectionRequest {
  readonly recordId: string;
  /** `meta.versionId` of what the patient looks at. */
  readonly version: number;
  /** What is wrong. */
  readonly text: string;
}
export const CorrectionRequest: z.ZodType<CorrectionRequest> = z.strictObject({
  recordId: Identifier,
  version: Version,
  text: Words,
});

/** Answer of `POST /patients/{id}/corrections`. */
export interface CorrectionRequested {
  readonly correctionId: string;
}
export const CorrectionRequested: z.ZodType<CorrectionRequested> = z.object({
  correctionId: Identifier,
});

/** Answer of `GET /patients/{id}/corrections`. */
export type CorrectionsAnswer = ReadCorrectionsOutput;
export const CorrectionsAnswer: z.ZodType<CorrectionsAnswer> = ReadCorrectionsOutput;

/** Body of `POST /patients/{id}/corrections/{request}/answer`. */
export interface CorrectionAnswerRequest extends CorrectionOutcome {
  readonly recordId: string;
}
export const CorrectionAnswerRequest: z.ZodType<CorrectionAnswerRequest> = z
  .strictObject({
    recordId: Identifier,
    correctedIn: Version.nullable(),
    refusal: Words.nullable(),
  })
  .refine(isOneOutcome, 'expected either a version or a refusal');

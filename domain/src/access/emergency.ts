import { z } from 'zod';
import { DigestHex, Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { EmergencyClaim, PurposeSchema, RecordClassSchema } from './attestation.ts';
import type { OpenedClass } from './documents.ts';
import { VERDICTS, type Verdict } from './documents.ts';
import { type Purpose, REASON_CODES, RECORD_CLASSES, type RecordClass } from './vocabulary.ts';

/**
 * Said with everything that an emergency access shows, whether something is withheld or not: whoever
 * reads must not take silence for "none known".
 */
export const PARTS_MAY_BE_WITHHELD =
  'Parts of this record may be withheld or missing. An empty part does not mean that there is nothing.';

/** How long an intent is good for reading, and how late it may still be committed. */
export const INTENT_LIFE_MS: number = 30 * 60_000;
export const INTENT_COMMIT_MS: number = 7 * 86_400_000;
/** So many emergency accesses of one person in a report's period are worth a look. */
export const REPEATED_FROM = 3;
/** Most patients that two identifiers find. */
export const MAX_FOUND_PATIENTS = 5;
/** Most notices of a page. */
export const MAX_NOTICE_PAGE = 100;

/** Input of `emergency:SetWristband`; attested with action `register` of class `basics`. */
export interface SetWristbandInput {
  /** SHA-256 of the token that the wristband's code shows, hex. */
  readonly tokenDigestHex: string;
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const SetWristbandInput: z.ZodType<SetWristbandInput> = z.strictObject({
  tokenDigestHex: DigestHex,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** Input of `emergency:SetChoice`; attested with action `share` of class `basics`, by the patient. */
export interface SetEmergencyChoiceInput {
  /** Refuse break-glass, whatever happens. */
  readonly optOut: boolean;
  readonly saltHex: string;
}
export const SetEmergencyChoiceInput: z.ZodType<SetEmergencyChoiceInput> = z.strictObject({
  optOut: z.boolean(),
  saltHex: SaltHex,
});

const Text: z.ZodType<string> = z.string().min(1).max(100);

/** Input of `emergency:Find`: the wristband's token, or two identifiers of the patient. */
export type FindInEmergencyInput =
  | { readonly token: string }
  | { readonly family: string; readonly birthDate: string };
export const FindInEmergencyInput: z.ZodType<FindInEmergencyInput> = z.union([
  z.strictObject({ token: z.string().min(16).max(200) }),
  z.strictObject({ family: Text, birthDate: z.string().regex(/^\d{4}-\d\d-\d\d$/) }),
]);

/** A patient who may be meant; given names and gender tell those of equal name apart. */
export interface FoundPatient {
  readonly patientId: string;
  /** Null when a wristband says who it is. */
  readonly given: readonly string[] | null;
  readonly gender: string | null;
}

/** Answer of `emergency:Find`. */
export interface FindInEmergencyOutput {
  readonly patients: readonly FoundPatient[];
}
export const FindInEmergencyOutput: z.ZodType<FindInEmergencyOutput> = z.object({
  patients: z.array(
    z.object({
      patientId: Identifier,
      given: z.array(z.string()).nullable(),
      gender: z.string().nullable(),
    }),
  ),
});

/**
 * What a medic intends to read while nothing can be ordered. The API stores it durably before it reads
 * anything of the record, and commits it when ordering is back.
 */
export interface EmergencyIntent {
  /** Becomes the permit's id. */
  readonly permitId: string;
  readonly patientId: string;
  readonly medicId: string;
  readonly purpose: Purpose;
  readonly recordClasses: readonly RecordClass[];
  readonly emergency: EmergencyClaim;
  readonly atMs: number;
  readonly saltHex: string;
}
export const EmergencyIntent: z.ZodType<EmergencyIntent> = z.strictObject({
  permitId: Identifier,
  patientId: Identifier,
  medicId: Identifier,
  purpose: PurposeSchema,
  recordClasses: z.array(RecordClassSchema).min(1).max(RECORD_CLASSES.length),
  emergency: EmergencyClaim,
  atMs: MomentMs,
  saltHex: SaltHex,
});

/** Answer of the evaluated function `emergency:ReadOnIntent`: what the intent opens now. */
export interface ReadOnIntentOutput {
  readonly classes: readonly OpenedClass[];
  readonly untilMs: number;
}
const Opened: z.ZodType<OpenedClass> = z.object({
  recordClass: RecordClassSchema,
  outcome: z.enum(['permit', 'deny']),
  reason: z.enum(REASON_CODES),
});
export const ReadOnIntentOutput: z.ZodType<ReadOnIntentOutput> = z.object({
  classes: z.array(Opened),
  untilMs: MomentMs,
});

/** Input of `emergency:CommitIntent`: the intent, and what it opened. */
export interface CommitIntentInput {
  readonly intent: EmergencyIntent;
  readonly classes: readonly OpenedClass[];
}
export const CommitIntentInput: z.ZodType<CommitIntentInput> = z.strictObject({
  intent: EmergencyIntent,
  classes: z.array(Opened).max(RECORD_CLASSES.length),
});

/** Input of `emergency:Reviews` and `emergency:Report`, by an administrator of the medic's organization. */
export interface ReviewsInput {
  readonly fromMs: number;
  readonly toMs: number;
}
export const ReviewsInput: z.ZodType<ReviewsInput> = z.strictObject({
  fromMs: MomentMs,
  toMs: MomentMs,
});

/** An emergency access as its supervisor sees it: nothing of the patient. */
export interface EmergencyReview {
  readonly permitId: string;
  readonly medicId: string;
  readonly atMs: number;
  readonly emergency: EmergencyClaim;
  readonly committedLateAtMs: number | null;
  readonly verdict: Verdict | null;
}
const EmergencyReview: z.ZodType<EmergencyReview> = z.object({
  permitId: Identifier,
  medicId: Identifier,
  atMs: MomentMs,
  emergency: EmergencyClaim,
  committedLateAtMs: MomentMs.nullable(),
  verdict: z.enum(VERDICTS).nullable(),
});

/** Answer of `emergency:Reviews`: those without a verdict first, then the newest. */
export interface ReviewsOutput {
  readonly reviews: readonly EmergencyReview[];
  readonly isWhole: boolean;
}
export const ReviewsOutput: z.ZodType<ReviewsOutput> = z.object({
  reviews: z.array(EmergencyReview),
  isWhole: z.boolean(),
});

/** Input of `emergency:Review`. */
export interface ReviewInput {
  readonly permitId: string;
  readonly verdict: Verdict;
  readonly text: string;
  readonly saltHex: string;
}
export const ReviewInput: z.ZodType<ReviewInput> = z.strictObject({
  permitId: Identifier,
  verdict: z.enum(VERDICTS),
  text: z.string().max(1_000),
  saltHex: SaltHex,
});

/** What one person did in a period. */
export interface MedicReport {
  readonly medicId: string;
  readonly accesses: number;
  readonly unreviewed: number;
  readonly unjustified: number;
  /** {@link REPEATED_FROM} times or more often. */
  readonly isRepeated: boolean;
}

/** Answer of `emergency:Report`, the most frequent first. */
export interface ReportOutput {
  readonly medics: readonly MedicReport[];
}
export const ReportOutput: z.ZodType<ReportOutput> = z.object({
  medics: z.array(
    z.object({
      medicId: Identifier,
      accesses: z.int(),
      unreviewed: z.int(),
      unjustified: z.int(),
      isRepeated: z.boolean(),
    }),
  ),
});

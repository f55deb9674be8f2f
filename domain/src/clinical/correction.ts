import { z } from 'zod';
import { RecordClassSchema } from '../access/attestation.ts';
import type { RecordClass } from '../access/vocabulary.ts';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';

/** Most characters of what is wrong, and of why a request is refused. */
export const MAX_CORRECTION_TEXT = 2_000;
/** Most open requests about one record. */
export const MAX_OPEN_CORRECTIONS = 20;

const Words: z.ZodType<string> = z.string().trim().min(3).max(MAX_CORRECTION_TEXT);
const Version: z.ZodType<number> = z.int().min(1);

/**
 * What a patient, or who acts for the patient, says is wrong in a record (GDPR art. 16,
 * 45 CFR 164.526). It is kept under a key of its own and never changed.
 */
export interface CorrectionDocument {
  readonly correctionId: string;
  readonly patientId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  /** What was the latest version then. */
  readonly version: number;
  /** Organization that wrote that version: it answers. */
  readonly mspId: string;
  readonly text: string;
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly saltHex: string;
}
const CORRECTION = {
  correctionId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
  version: Version,
  mspId: z.string(),
  text: Words,
  askedBy: Identifier,
  askedAtMs: MomentMs,
};
export const CorrectionDocument: z.ZodType<CorrectionDocument> = z.object({
  ...CORRECTION,
  patientId: Identifier,
  saltHex: SaltHex,
});

/** What the organization says: exactly one of the two is null. */
export interface CorrectionOutcome {
  /** The version in which it is right. */
  readonly correctedIn: number | null;
  /** Why the record stays as it is. */
  readonly refusal: string | null;
}
const OUTCOME = { correctedIn: Version.nullable(), refusal: Words.nullable() };

/** Corrected or refused, and nothing else. */
export function isOneOutcome({ correctedIn, refusal }: CorrectionOutcome): boolean {
  return (correctedIn === null) !== (refusal === null);
}

/** Who answered, and when; under a key of its own, written once. */
export interface CorrectionAnswer extends CorrectionOutcome {
  readonly answeredBy: string;
  readonly atMs: number;
}
const ANSWER = { ...OUTCOME, answeredBy: Identifier, atMs: MomentMs };
const CorrectionAnswer: z.ZodType<CorrectionAnswer> = z.object(ANSWER);
export type CorrectionAnswerDocument = CorrectionAnswer & { readonly saltHex: string };
export const CorrectionAnswerDocument: z.ZodType<CorrectionAnswerDocument> = z.object({
  ...ANSWER,
  saltHex: SaltHex,
});

/** Input of `record:RequestCorrection`, by the patient or a representative. */
export interface RequestCorrectionInput {
  readonly patientId: string;
  /** Random. */
  readonly correctionId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  /** What the patient looked at; it must be the latest still. */
  readonly version: number;
  readonly text: string;
  readonly saltHex: string;
}
export const RequestCorrectionInput: z.ZodType<RequestCorrectionInput> = z.strictObject({
  patientId: Identifier,
  correctionId: Identifier,
  recordClass: RecordClassSchema,
  recordId: Identifier,
  version: Version,
  text: Words,
  saltHex: SaltHex,
});

/** Input of `record:AnswerCorrection`, by who may amend the record, for the organization that wrote it. */
export interface AnswerCorrectionInput extends CorrectionOutcome {
  readonly patientId: string;
  readonly correctionId: string;
  readonly recordClass: RecordClass;
  readonly recordId: string;
  /** Random: of the entry in the log of accesses. */
  readonly entryId: string;
  readonly saltHex: string;
}
export const AnswerCorrectionInput: z.ZodType<AnswerCorrectionInput> = z
  .strictObject({
    ...OUTCOME,
    patientId: Identifier,
    correctionId: Identifier,
    recordClass: RecordClassSchema,
    recordId: Identifier,
    entryId: Identifier,
    saltHex: SaltHex,
  })
  .refine(isOneOutcome, 'expected either a version or a refusal');

/** Input of `record:ReadCorrections`, with the permit of an open chart. */
export interface ReadCorrectionsInput {
  readonly patientId: string;
  readonly permitId: string;
}
export const ReadCorrectionsInput: z.ZodType<ReadCorrectionsInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
});

/** A request and what became of it. */
export type Correction = Omit<CorrectionDocument, 'patientId' | 'saltHex'> & {
  /** Null while it is open. */
  readonly answer: CorrectionAnswer | null;
};
export const Correction: z.ZodType<Correction> = z.object({
  ...CORRECTION,
  answer: CorrectionAnswer.nullable(),
});

/** Answer of `record:ReadCorrections`: to patients all, to an organization those that it has to answer or answered. */
export interface ReadCorrectionsOutput {
  readonly corrections: readonly Correction[];
}
export const ReadCorrectionsOutput: z.ZodType<ReadCorrectionsOutput> = z.object({
  corrections: z.array(Correction),
});

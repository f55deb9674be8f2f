import { z } from 'zod';
import { Identifier } from '../identifiers.ts';
import { LoincCode } from './loinc.ts';
import { RecordView } from './read.ts';

/** Input of `record:EquivalentResults`: before a test is ordered. */
export interface EquivalentResultsInput {
  readonly patientId: string;
  readonly permitId: string;
  readonly loinc: string;
}
export const EquivalentResultsInput: z.ZodType<EquivalentResultsInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
  loinc: LoincCode,
});

/** Results of equivalent tests that still hold, newest first, from any facility that the caller may read. */
export interface EquivalentResultsOutput {
  readonly results: readonly RecordView[];
  /** For how many days a result of this test stands for a new one; null when the test is not in the table. */
  readonly validityDays: number | null;
}
export const EquivalentResultsOutput: z.ZodType<EquivalentResultsOutput> = z.object({
  results: z.array(RecordView),
  validityDays: z.number().nullable(),
});

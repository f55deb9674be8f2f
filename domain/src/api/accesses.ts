import { z } from 'zod';
import { VERDICTS, type Verdict } from '../access/documents.ts';
import { ORGANIZATIONS, type Organization } from '../connection-profile.ts';
import { Identifier, MomentMs } from '../identifiers.ts';
import { ROLES, type Role } from '../record/roles.ts';

/** One opening of a chart, or a try that was refused; or a word about a correction. */
export interface AccessLine {
  readonly atMs: number;
  /** Person who looked. */
  readonly subjectId: string;
  /** As the directory has it; null for somebody whom it does not name. */
  readonly name: string | null;
  readonly role: Role;
  readonly organization: Organization;
  /** v3-ActReason code. */
  readonly purpose: string;
  /** Record classes that were asked for. */
  readonly permitted: readonly string[];
  readonly refused: readonly string[];
  readonly isEmergency: boolean;
  /** When it was entered, if that was later, because nothing could be ordered then. */
  readonly enteredLateAtMs: number | null;
  /** What the supervisor thought of an emergency access; null before the review. */
  readonly verdict: Verdict | null;
  /** Of a line that opened nothing: a correction was asked for, or such a request answered. */
  readonly correction?: 'asked' | 'answered' | undefined;
}

/** Answer of `GET /patients/{id}/accesses`, newest first. */
export interface AccessesAnswer {
  readonly accesses: readonly AccessLine[];
  readonly bookmark?: string | undefined;
}
export const AccessesAnswer: z.ZodType<AccessesAnswer> = z.object({
  accesses: z.array(
    z.object({
      atMs: MomentMs,
      subjectId: Identifier,
      name: z.string().nullable(),
      role: z.enum(ROLES),
      organization: z.enum(ORGANIZATIONS),
      purpose: z.string(),
      permitted: z.array(z.string()),
      refused: z.array(z.string()),
      isEmergency: z.boolean(),
      enteredLateAtMs: MomentMs.nullable(),
      verdict: z.enum(VERDICTS).nullable(),
      correction: z.enum(['asked', 'answered']).optional(),
    }),
  ),
  bookmark: z.string().optional(),
});

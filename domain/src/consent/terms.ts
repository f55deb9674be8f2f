import { z } from 'zod';
import { LabelList, PurposeSchema, RecordClassSchema } from '../access/attestation.ts';
import type { ConsentFact } from '../access/question.ts';
import { PURPOSES, type Purpose, RECORD_CLASSES, type RecordClass } from '../access/vocabulary.ts';
import { PulseError } from '../errors.ts';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { PROVIDER_MSP_IDS } from '../record/roles.ts';

/** Longest consent towards an insurer. */
export const MAX_SHARE_MS: number = 366 * 86_400_000;

/** Whom a consent is about: a person, an organization, a person at an organization, or (both null) anybody. */
export interface ConsentGrantee {
  readonly mspId: string | null;
  readonly subjectId: string | null;
}

/** A consent towards an insurer: what is copied for it, and under which names. */
export interface ShareTerms {
  /** Random; the only name of the patient that the insurer learns. */
  readonly shareId: string;
  /** Random; makes the aliases of records. The insurer never learns it. */
  readonly aliasSaltHex: string;
}

/**
 * What the patient agrees to, word for word: the passkey's challenge is over this. FHIR Consent's
 * provision: type, actor, class, securityLabel, purpose, period.
 */
export interface ConsentTerms {
  readonly v: 1;
  /** Random; a consent is given once. */
  readonly consentId: string;
  readonly patientId: string;
  readonly effect: 'permit' | 'deny';
  readonly grantee: ConsentGrantee;
  readonly classes: readonly RecordClass[] | 'all';
  /** Of a permit: sensitive labels that it covers too. Of a deny: only records with one of them; all when empty. */
  readonly labels: readonly string[];
  readonly purposes: readonly Purpose[] | 'all';
  readonly fromMs: number;
  /** Half-open; null = until revoked. */
  readonly untilMs: number | null;
  /** Of a permit towards an insurer, else null. */
  readonly share: ShareTerms | null;
  readonly saltHex: string;
}

const MspId: z.ZodType<string> = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

export const ConsentTerms: z.ZodType<ConsentTerms> = z.strictObject({
  v: z.literal(1),
  consentId: Identifier,
  patientId: Identifier,
  effect: z.enum(['permit', 'deny']),
  grantee: z.strictObject({ mspId: MspId.nullable(), subjectId: Identifier.nullable() }),
  classes: z.union([
    z.array(RecordClassSchema).min(1).max(RECORD_CLASSES.length),
    z.literal('all'),
  ]),
  labels: LabelList,
  purposes: z.union([z.array(PurposeSchema).min(1).max(PURPOSES.length), z.literal('all')]),
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
  share: z.strictObject({ shareId: Identifier, aliasSaltHex: SaltHex }).nullable(),
  saltHex: SaltHex,
});

/** Is the consent towards an organization that does not treat people? */
export function isTowardsInsurer({ grantee }: Pick<ConsentTerms, 'grantee'>): boolean {
  return grantee.mspId !== null && !PROVIDER_MSP_IDS.includes(grantee.mspId);
}

function needsShare(terms: ConsentTerms): boolean {
  return terms.effect === 'permit' && isTowardsInsurer(terms);
}

/** Purposes for which an insurer may be given anything: payment and coverage. */
export const INSURER_PURPOSES: readonly Purpose[] = ['HPAYMT', 'COVAUTH'];

function shareProblem(terms: ConsentTerms, nowMs: number): string | undefined {
  const { purposes, classes, fromMs, untilMs } = terms;
  if (untilMs === null || untilMs - fromMs > MAX_SHARE_MS) {
    return 'A consent towards an insurer ends within a year.';
  }
  if (fromMs > nowMs) return 'A consent towards an insurer cannot start later: it is copied now.';
  if (purposes === 'all' || purposes.some((purpose) => !INSURER_PURPOSES.includes(purpose))) {
    return 'A consent towards an insurer is for payment or coverage.';
  }
  if (classes !== 'all' && classes.includes('psychotherapy-note')) {
    return 'Psychotherapy notes are never given to an insurer.';
  }
  return undefined;
}

function generalProblem(terms: ConsentTerms, nowMs: number): string | undefined {
  const { effect, grantee, fromMs, untilMs, share } = terms;
  if (untilMs !== null && (untilMs <= fromMs || untilMs <= nowMs)) {
    return 'The consent has ended before it starts.';
  }
  if (effect === 'deny' && isTowardsInsurer(terms) && grantee.subjectId !== null) {
    return 'An insurer is denied as a whole.';
  }
  if (needsShare(terms) !== (share !== null)) {
    return 'Only a permit towards an insurer makes a share.';
  }
  return undefined;
}

/**
 * Checks that terms make sense at this moment.
 *
 * @throws PulseError `invalid_input`.
 */
export function requireSoundTerms(terms: ConsentTerms, nowMs: number): void {
  const general = generalProblem(terms, nowMs);
  const problem = general ?? (needsShare(terms) ? shareProblem(terms, nowMs) : undefined);
  if (problem !== undefined) throw new PulseError('invalid_input', problem);
}

/** The terms as they decide. */
export function factOf(terms: ConsentTerms): ConsentFact {
  const { effect, grantee, classes, labels, purposes, fromMs, untilMs } = terms;
  return { effect, grantee, classes, labels, purposes, fromMs, untilMs };
}

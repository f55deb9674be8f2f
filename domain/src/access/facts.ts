import type { AccessQuestion, ConsentFact, Relation } from './question.ts';
import { type RecordClass, SENSITIVE_LABELS } from './vocabulary.ts';

/** Is a half-open interval under way? */
export function isLive(
  interval: { readonly fromMs: number; readonly untilMs: number | null },
  atMs: number,
): boolean {
  return interval.fromMs <= atMs && (interval.untilMs === null || atMs < interval.untilMs);
}

/** The live relations of one kind that hold for the subject's organization. */
export function relationsOf(question: AccessQuestion, kind: Relation['kind']): Relation[] {
  const { relations, subject, atMs } = question;
  return relations.filter(
    (relation) =>
      relation.kind === kind &&
      (relation.mspId === null || relation.mspId === subject.mspId) &&
      isLive(relation, atMs),
  );
}

/** Has the subject such a relation now? */
export function has(question: AccessQuestion, kind: Relation['kind']): boolean {
  return relationsOf(question, kind).length > 0;
}

function covers(list: readonly string[] | 'all', wanted: string): boolean {
  return list === 'all' || list.includes(wanted);
}

/** Does the scope of a representative cover the question? A relation without scope covers nothing. */
export function isInScope({ scope }: Relation, question: AccessQuestion): boolean {
  if (scope === undefined) return false;
  return covers(scope.classes, question.recordClass) && covers(scope.actions, question.action);
}

/** Is this consent live, for this subject and for the purpose? */
function concerns(consent: ConsentFact, { subject, purpose, atMs }: AccessQuestion): boolean {
  const { mspId, subjectId } = consent.grantee;
  return (
    (mspId === null || mspId === subject.mspId) &&
    (subjectId === null || subjectId === subject.id) &&
    covers(consent.purposes, purpose) &&
    isLive(consent, atMs)
  );
}

function isSensitive(label: string): boolean {
  return SENSITIVE_LABELS.some((known) => known === label);
}

/** Live permits for the subject that cover the class and every sensitive label. */
export function permits(question: AccessQuestion): ConsentFact[] {
  const sensitive = question.labels.filter(isSensitive);
  return question.consents.filter(
    (consent) =>
      consent.effect === 'permit' &&
      concerns(consent, question) &&
      covers(consent.classes, question.recordClass) &&
      sensitive.every((label) => consent.labels.includes(label)),
  );
}

/** Does a live deny hide the record from the subject? */
export function isDenied(question: AccessQuestion): boolean {
  const { labels, recordClass } = question;
  return question.consents.some(
    (consent) =>
      consent.effect === 'deny' &&
      concerns(consent, question) &&
      covers(consent.classes, recordClass) &&
      (consent.labels.length === 0 || consent.labels.some((label) => labels.includes(label))),
  );
}

/** Classes that a consent for all classes leaves out: they must be named. */
export const NAMED_ONLY: readonly RecordClass[] = ['other', 'psychotherapy-note'];

/**
 * Full years of age. A date without month or day is taken as its first day, so that a guardian's
 * rights end too early rather than too late.
 *
 * @returns null when the date is unknown.
 */
export function ageAt(birthDate: string | null, atMs: number): number | null {
  if (birthDate === null) return null;
  const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
  const now = new Date(atMs);
  const before =
    now.getUTCMonth() + 1 < month || (now.getUTCMonth() + 1 === month && now.getUTCDate() < day);
  return now.getUTCFullYear() - year - (before ? 1 : 0);
}

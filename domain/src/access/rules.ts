import { PROVIDER_MSP_IDS, ROLE_ORGANIZATIONS, type Role } from '../record/roles.ts';
import { ageAt, has, isDenied, isInScope, NAMED_ONLY, permits, relationsOf } from './facts.ts';
import type { AccessQuestion } from './question.ts';
import {
  type Action,
  ADOLESCENT_LABELS,
  type Purpose,
  type ReasonCode,
  type RecordClass,
  SUMMARY_CLASSES,
} from './vocabulary.ts';

/** One sentence of the access policy. */
export interface AccessRule {
  readonly name: string;
  readonly effect: 'permit' | 'deny';
  readonly reason: ReasonCode;
  readonly applies: (question: AccessQuestion) => boolean;
}

/** Ages from which a guardian sees less, and nothing without the young person's own grant. */
const ADOLESCENT_AGE = 12;
const OWN_DECISION_AGE = 16;

const WRITES: readonly Action[] = ['create', 'amend', 'delete'];
const OWN_RIGHTS: readonly Action[] = [
  'share',
  'represent',
  'account',
  'correct',
  'export',
  'erase',
];

/** For which purposes each role acts at all. */
const PURPOSES_OF: Readonly<Partial<Record<Role, readonly Purpose[]>>> = {
  doctor: ['TREAT', 'ETREAT'],
  nurse: ['TREAT', 'ETREAT'],
  laboratory: ['TREAT'],
  patient: ['PATRQT'],
  representative: ['PWATRNY'],
  'insurance-agent': ['HPAYMT', 'COVAUTH'],
  'emergency-medic': ['BTG', 'ETREAT'],
  administrator: ['HOPERAT'],
};

/** In what a laboratory answers an order. */
const LABORATORY_CLASSES: readonly RecordClass[] = ['result', 'report'];

function isClinician({ subject }: AccessQuestion): boolean {
  return subject.role === 'doctor' || subject.role === 'nurse';
}

function isTreating(question: AccessQuestion): boolean {
  return isClinician(question) && has(question, 'treating');
}

function isSelf(question: AccessQuestion): boolean {
  return question.subject.role === 'patient' && has(question, 'self');
}

function isNote({ recordClass, labels }: AccessQuestion): boolean {
  return recordClass === 'psychotherapy-note' || labels.includes('PSYTHPN');
}

function isPrescribing({ action, recordClass }: AccessQuestion): boolean {
  return action === 'prescribe' || (recordClass === 'medication' && WRITES.includes(action));
}

/** Only by virtue of being a guardian: neither a proxy nor with the patient's own grant. */
function isMereGuardian(question: AccessQuestion): boolean {
  if (question.subject.role !== 'representative') return false;
  const relations = relationsOf(question, 'representative');
  const hasGrant = permits({ ...question, labels: [] }).some(
    ({ grantee }) => grantee.subjectId !== null,
  );
  const guardian = relations.some(({ representative }) => representative === 'guardian');
  const proxy = relations.some(({ representative }) => representative === 'proxy');
  return guardian && !proxy && !hasGrant;
}

function isOlderThan(question: AccessQuestion, years: number): boolean {
  const age = ageAt(question.patient.birthDate, question.atMs);
  return age === null || age >= years;
}

/** A note is for the treating doctors of its authors' group, whoever else reads the rest. */
function mayHandleNote(question: AccessQuestion): boolean {
  return (
    question.subject.role === 'doctor' && has(question, 'treating') && question.authorGroup === true
  );
}

const DENIALS: readonly AccessRule[] = [
  {
    name: 'an organization gives out only its own roles',
    effect: 'deny',
    reason: 'wrong_organization',
    applies: ({ subject }) => !ROLE_ORGANIZATIONS[subject.role].includes(subject.mspId),
  },
  {
    name: 'a role acts for its purposes only',
    effect: 'deny',
    reason: 'wrong_purpose',
    applies: ({ subject, purpose }) => PURPOSES_OF[subject.role]?.includes(purpose) !== true,
  },
  {
    name: 'what is erased stays erased; the log of accesses remains',
    effect: 'deny',
    reason: 'erased',
    applies: ({ patient, action }) => patient.erased && action !== 'account',
  },
  {
    name: 'while an erasure is pending, only the patient reads and the custodian answers',
    effect: 'deny',
    reason: 'restricted',
    applies: (question) =>
      question.patient.restricted && !isSelf(question) && question.action !== 'erase',
  },
  {
    name: 'a patient acts where registered',
    effect: 'deny',
    reason: 'not_registered_here',
    applies: ({ subject, patient }) =>
      subject.role === 'patient' && !patient.registeredAt.includes(subject.mspId),
  },
  {
    name: 'who refuses break-glass is not broken into',
    effect: 'deny',
    reason: 'emergency_opt_out',
    applies: ({ subject, patient }) =>
      subject.role === 'emergency-medic' && patient.emergencyOptOut,
  },
  {
    name: 'the patient may hide anything from others, except in an emergency',
    effect: 'deny',
    reason: 'consent_deny',
    applies: (question) =>
      isDenied(question) &&
      !isSelf(question) &&
      question.subject.role !== 'emergency-medic' &&
      question.action !== 'create' &&
      question.action !== 'register',
  },
  {
    name: 'a psychotherapy note is for its authors (45 CFR 164.508(a)(2))',
    effect: 'deny',
    reason: 'psychotherapy_note',
    applies: (question) => isNote(question) && !mayHandleNote(question),
  },
  {
    name: 'a nurse does not prescribe',
    effect: 'deny',
    reason: 'no_prescriber',
    applies: (question) => question.subject.role === 'nurse' && isPrescribing(question),
  },
  {
    name: 'what is very restricted is for the patient and treating doctors',
    effect: 'deny',
    reason: 'very_restricted',
    applies: (question) =>
      question.labels.includes('V') &&
      !isSelf(question) &&
      !(question.subject.role === 'doctor' && has(question, 'treating')),
  },
  {
    name: 'from 16 on a guardian needs the young person’s own grant',
    effect: 'deny',
    reason: 'age',
    applies: (question) => isMereGuardian(question) && isOlderThan(question, OWN_DECISION_AGE),
  },
  {
    name: 'from 12 on a guardian does not see what is most private',
    effect: 'deny',
    reason: 'age',
    applies: (question) =>
      isMereGuardian(question) &&
      isOlderThan(question, ADOLESCENT_AGE) &&
      question.labels.some((label) => ADOLESCENT_LABELS.includes(label)),
  },
];

const PERMISSIONS: readonly AccessRule[] = [
  {
    name: 'patients read their own record',
    effect: 'permit',
    reason: 'own_record',
    applies: (question) => isSelf(question) && question.action === 'read',
  },
  {
    name: 'patients have the rights over their record',
    effect: 'permit',
    reason: 'own_right',
    applies: (question) => isSelf(question) && OWN_RIGHTS.includes(question.action),
  },
  {
    name: 'who treats reads',
    effect: 'permit',
    reason: 'treating',
    applies: (question) => isTreating(question) && question.action === 'read',
  },
  {
    name: 'who treats writes and prescribes',
    effect: 'permit',
    reason: 'treating',
    applies: (question) =>
      isTreating(question) && (WRITES.includes(question.action) || isPrescribing(question)),
  },
  {
    name: 'clinicians and administrators register patients',
    effect: 'permit',
    reason: 'registration',
    applies: (question) =>
      question.action === 'register' &&
      question.recordClass === 'basics' &&
      (isClinician(question) || question.subject.role === 'administrator') &&
      PROVIDER_MSP_IDS.includes(question.subject.mspId),
  },
  {
    name: 'a clinician whom the patient names reads what the patient shares',
    effect: 'permit',
    reason: 'consent_permit',
    applies: (question) =>
      isClinician(question) &&
      question.action === 'read' &&
      permits(question).some(({ grantee }) => grantee.subjectId !== null),
  },
  {
    name: 'a representative acts within the recorded scope',
    effect: 'permit',
    reason: 'representation',
    applies: (question) =>
      question.subject.role === 'representative' &&
      (question.action === 'read' || OWN_RIGHTS.includes(question.action)) &&
      relationsOf(question, 'representative').some((relation) => isInScope(relation, question)),
  },
  {
    name: 'an insurer reads what a live consent covers',
    effect: 'permit',
    reason: 'consent_permit',
    applies: (question) =>
      question.subject.role === 'insurance-agent' &&
      question.action === 'read' &&
      permits(question).some(
        ({ grantee, classes }) =>
          grantee.mspId !== null &&
          !(classes === 'all' && NAMED_ONLY.includes(question.recordClass)),
      ),
  },
  {
    name: 'an emergency opens the summary',
    effect: 'permit',
    reason: 'emergency',
    applies: (question) =>
      question.subject.role === 'emergency-medic' &&
      question.action === 'read' &&
      has(question, 'emergency') &&
      SUMMARY_CLASSES.includes(question.recordClass),
  },
  {
    name: 'a laboratory sees its order',
    effect: 'permit',
    reason: 'laboratory_order',
    applies: (question) =>
      question.subject.role === 'laboratory' &&
      question.action === 'read' &&
      question.recordClass === 'order' &&
      has(question, 'laboratory-order'),
  },
  {
    name: 'a laboratory answers its order',
    effect: 'permit',
    reason: 'laboratory_order',
    applies: (question) =>
      question.subject.role === 'laboratory' &&
      (question.action === 'create' || question.action === 'amend') &&
      LABORATORY_CLASSES.includes(question.recordClass) &&
      has(question, 'laboratory-order'),
  },
  {
    name: 'an administrator where the patient is registered records who is guardian of a minor',
    effect: 'permit',
    reason: 'custodian',
    applies: (question) =>
      question.subject.role === 'administrator' &&
      question.action === 'represent' &&
      question.patient.registeredAt.includes(question.subject.mspId) &&
      !isOlderThan(question, OWN_DECISION_AGE),
  },
  {
    name: 'the custodian’s administrator answers a request for erasure',
    effect: 'permit',
    reason: 'custodian',
    applies: ({ subject, action, patient }) =>
      subject.role === 'administrator' &&
      action === 'erase' &&
      patient.registeredAt.includes(subject.mspId),
  },
];

/** The access policy: all denials, in the order in which their reason is told, then all permits. */
export const RULES: readonly AccessRule[] = [...DENIALS, ...PERMISSIONS];

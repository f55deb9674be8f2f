import { PROVIDER_MSP_IDS, ROLES } from '../record/roles.ts';
import { EXPECTED_CELLS } from './expected-cells.ts';
import type { AccessQuestion, ConsentFact, PatientFacts, Relation } from './question.ts';
import { ACTIONS, PURPOSES, RECORD_CLASSES } from './vocabulary.ts';

/** One cell of the table of expectations. */
export interface ExpectedCell {
  readonly name: string;
  readonly question: AccessQuestion;
  readonly outcome: string;
  /** Left out where only the outcome matters. */
  readonly reason: string | undefined;
}

/** Noon of a day in the year in which the patient of the table is so many years old. */
const NOW_MS: number = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const PERSON_ID = 'd0'.repeat(16);
const ORDER_ID = '0e'.repeat(16);
const ORGANIZATION_MSP: Readonly<Record<string, string>> = {
  hospital: 'HospitalMSP',
  clinic: 'ClinicMSP',
  insurer: 'InsurerMSP',
};
const ALWAYS = { fromMs: NOW_MS - HOUR_MS, untilMs: null };
const ENDED = { fromMs: NOW_MS - HOUR_MS, untilMs: NOW_MS };
const TO_COME = { fromMs: NOW_MS + 1, untilMs: null };
const ALL = { classes: 'all', actions: 'all' } as const;

/** What one word of a situation adds to the question. */
interface Part {
  readonly relations?: readonly Relation[];
  readonly consents?: readonly ConsentFact[];
  readonly authorGroup?: boolean;
  readonly patient?: Partial<PatientFacts>;
}

function relation(kind: Relation['kind'], more: Partial<Relation> = {}): Part {
  return { relations: [{ kind, mspId: null, ...ALWAYS, ...more }] };
}

function consent(effect: ConsentFact['effect'], more: Partial<ConsentFact>): Part {
  const grantee = { mspId: null, subjectId: null };
  const anything = { classes: 'all', labels: [], purposes: 'all' } as const;
  return { consents: [{ effect, grantee, ...anything, ...ALWAYS, ...more }] };
}

function patient(more: Partial<PatientFacts>): Part {
  return { patient: more };
}

const PATIENT: PatientFacts = {
  registeredAt: ['HospitalMSP'],
  birthDate: '1980-02-29',
  emergencyOptOut: false,
  restricted: false,
  erased: false,
};
const TO_INSURER = {
  grantee: { mspId: 'InsurerMSP', subjectId: null },
  purposes: ['HPAYMT'],
} as const;
const SHARED = { ...TO_INSURER, classes: ['condition', 'result'] } as const;
const TO_DOCTOR = { grantee: { mspId: null, subjectId: PERSON_ID } } as const;

/** The words in the third column of the table. */
const SITUATIONS: Readonly<Record<string, Part>> = {
  stranger: {},
  self: relation('self'),
  treating: relation('treating', { mspId: 'HospitalMSP' }),
  'treating-at-clinic': relation('treating', { mspId: 'ClinicMSP' }),
  'treating-at-insurer': relation('treating', { mspId: 'InsurerMSP' }),
  'treating-ended': relation('treating', { mspId: 'HospitalMSP', ...ENDED }),
  'treating-not-begun': relation('treating', { mspId: 'HospitalMSP', ...TO_COME }),
  proxy: relation('representative', { representative: 'proxy', scope: ALL }),
  'proxy-ended': relation('representative', { representative: 'proxy', scope: ALL, ...ENDED }),
  'proxy-reads-results': relation('representative', {
    representative: 'proxy',
    scope: { classes: ['result'], actions: ['read'] },
  }),
  guardian: relation('representative', { representative: 'guardian', scope: ALL }),
  'broken-glass': relation('emergency', { untilMs: NOW_MS + HOUR_MS }),
  'glass-closed-again': relation('emergency', ENDED),
  ordered: relation('laboratory-order', { mspId: 'HospitalMSP', recordId: ORDER_ID }),
  author: { authorGroup: true },
  'hides-all': consent('deny', {}),
  'hides-hiv': consent('deny', { labels: ['HIV'] }),
  'hides-from-doctor': consent('deny', {
    grantee: { mspId: 'HospitalMSP', subjectId: PERSON_ID },
  }),
  'hides-notes-from-hospital': consent('deny', {
    grantee: { mspId: 'HospitalMSP', subjectId: null },
    classes: ['note'],
  }),
  'hid-all-before': consent('deny', ENDED),
  'grants-doctor': consent('permit', { ...TO_DOCTOR, classes: ['condition', 'result'] }),
  'grants-representative': consent('permit', TO_DOCTOR),
  'grants-hospital': consent('permit', { grantee: { mspId: 'HospitalMSP', subjectId: null } }),
  shared: consent('permit', SHARED),
  'shared-with-hiv': consent('permit', { ...SHARED, labels: ['HIV'] }),
  'shared-all': consent('permit', TO_INSURER),
  'shared-other': consent('permit', { ...TO_INSURER, classes: ['other'] }),
  'shared-notes': consent('permit', { ...TO_INSURER, classes: ['psychotherapy-note'] }),
  'share-expired': consent('permit', { ...SHARED, ...ENDED }),
  'share-not-begun': consent('permit', { ...SHARED, ...TO_COME }),
  'registered-at-clinic': patient({ registeredAt: ['HospitalMSP', 'ClinicMSP'] }),
  'registered-at-insurer': patient({ registeredAt: ['HospitalMSP', 'InsurerMSP'] }),
  // Twelve and sixteen years old on this very day, eleven and fifteen until tomorrow.
  'aged-11': patient({ birthDate: '2014-11-23' }),
  'aged-12': patient({ birthDate: '2014-11-22' }),
  'aged-15': patient({ birthDate: '2010-11-23' }),
  'aged-16': patient({ birthDate: '2010' }),
  'aged-unknown': patient({ birthDate: null }),
  'opted-out': patient({ emergencyOptOut: true }),
  restricted: patient({ restricted: true }),
  erased: patient({ restricted: true, erased: true }),
};

/** Somebody of the nurse's role is not the person whom a grant or a deny names. */
function idOf(role: string): string {
  return role === 'nurse' ? 'a1'.repeat(16) : PERSON_ID;
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new RangeError(`The table says ${text}, which nobody knows.`);
  return found;
}

function questionOf(who: string, purpose: string, situation: string): AccessQuestion {
  const [role = '', organization = ''] = who.split('@');
  const parts = situation.split(' ').map((name) => {
    const part = SITUATIONS[name];
    if (part === undefined) throw new RangeError(`The table says ${name}, which nobody knows.`);
    return part;
  });
  const known = oneOf(ROLES, role);
  const isService = known === 'ingest' || known === 'api';
  return {
    subject: {
      id: isService ? null : idOf(role),
      role: known,
      mspId: ORGANIZATION_MSP[organization] ?? '',
    },
    action: 'read',
    recordClass: 'condition',
    labels: [],
    purpose: oneOf(PURPOSES, purpose),
    atMs: NOW_MS,
    patient: parts.reduce((facts, part) => ({ ...facts, ...part.patient }), PATIENT),
    authorGroup: parts.some((part) => part.authorGroup === true),
    relations: parts.flatMap((part) => part.relations ?? []),
    consents: parts.flatMap((part) => part.consents ?? []),
  };
}

function cellsOf(line: string): ExpectedCell[] {
  const [who = '', purpose = '', situation = '', what = '', expected = ''] = line
    .split('|')
    .map((column) => column.trim());
  const [actions = '', classes = ''] = what.split(' ');
  const [outcome = '', reason] = expected.split(' ');
  const base = questionOf(who, purpose, situation);
  return actions.split(',').flatMap((action) =>
    classes.split(',').map((labelled) => {
      const [recordClass = '', ...labels] = labelled.split('+');
      const question = {
        ...base,
        action: oneOf(ACTIONS, action),
        recordClass: oneOf(RECORD_CLASSES, recordClass),
        labels,
      };
      const name = `${who} ${purpose} ${situation}: ${action} ${labelled}`;
      return { name, question, outcome, reason };
    }),
  );
}

/** The table as questions with their answers. */
export const CELLS: readonly ExpectedCell[] = EXPECTED_CELLS.split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .flatMap(cellsOf);

/** Who may be asked about, for properties. */
export const ORGANIZATION_MSP_IDS: readonly string[] = [
  ...PROVIDER_MSP_IDS,
  'InsurerMSP',
  'OtherMSP',
];

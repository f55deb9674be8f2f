/** Classes in which the record is stored, opened and shared. */
export const RECORD_CLASSES = [
  'basics',
  'encounter',
  'condition',
  'allergy',
  'medication',
  'procedure',
  'immunization',
  'result',
  'report',
  'order',
  'document',
  'note',
  'psychotherapy-note',
  'vitals',
  'device',
  /** Any other FHIR resource that an import brings; never shared with an insurer unless named. */
  'other',
] as const;
export type RecordClass = (typeof RECORD_CLASSES)[number];

/**
 * What somebody wants to do with a class of a patient's record. Creating, amending or deleting a
 * medication is prescribing; `prescribe` itself is an order that is no record, such as the second
 * scale of NEWS2.
 */
export const ACTIONS = [
  'read',
  'create',
  'amend',
  'delete',
  'prescribe',
  'register',
  'share',
  'represent',
  'account',
  'correct',
  'export',
  'erase',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Purposes of use, codes of http://terminology.hl7.org/CodeSystem/v3-ActReason. */
export const PURPOSES = [
  'TREAT',
  'ETREAT',
  'BTG',
  'HPAYMT',
  'COVAUTH',
  'HOPERAT',
  'PATRQT',
  'PWATRNY',
] as const;
export type Purpose = (typeof PURPOSES)[number];

/**
 * Labels that make a record sensitive, codes of http://terminology.hl7.org/CodeSystem/v3-ActCode
 * (InformationSensitivityPolicy). A patient may hide them from others; an insurer sees them only
 * where the consent names them.
 */
export const SENSITIVE_LABELS = [
  'PSY',
  'PSYTHPN',
  'BH',
  'SUD',
  'OPIOIDUD',
  'ETH',
  'HIV',
  'SEX',
  'STD',
  'SDV',
  'GDIS',
  'SICKLE',
] as const;

/** Confidentiality labels with an effect, http://terminology.hl7.org/CodeSystem/v3-Confidentiality. */
export const CONFIDENTIALITY_LABELS = ['R', 'V'] as const;

/** Every label that changes a decision. */
export type Label = (typeof SENSITIVE_LABELS)[number] | (typeof CONFIDENTIALITY_LABELS)[number];
export const LABELS: readonly Label[] = [...SENSITIVE_LABELS, ...CONFIDENTIALITY_LABELS];

/** Labels that a guardian does not see from the patient's twelfth birthday on. */
export const ADOLESCENT_LABELS: readonly string[] = ['SEX', 'STD', 'PSY', 'SUD'];

/**
 * What break-glass opens: the sections of the International Patient Summary
 * (https://hl7.org/fhir/uv/ips), so that an emergency shows the least that helps.
 */
export const SUMMARY_CLASSES: readonly RecordClass[] = [
  'basics',
  'condition',
  'allergy',
  'medication',
  'procedure',
  'immunization',
  'result',
  'vitals',
  'device',
];

/**
 * What opening a chart opens: everything but psychotherapy notes, which are asked for by themselves.
 * Who looks at a chart in general looks at all of this, so it is one entry of the patient's log.
 */
export const CHART_CLASSES: readonly RecordClass[] = RECORD_CLASSES.filter(
  (recordClass) => recordClass !== 'psychotherapy-note',
);

/** Why a decision came out as it did. */
export const REASON_CODES = [
  // Permits.
  'own_record',
  'own_right',
  'treating',
  'registration',
  'consent_permit',
  'representation',
  'emergency',
  'laboratory_order',
  'custodian',
  // Denials.
  'wrong_organization',
  'wrong_purpose',
  'erased',
  'restricted',
  'not_registered_here',
  'emergency_opt_out',
  'consent_deny',
  'psychotherapy_note',
  'no_prescriber',
  'very_restricted',
  'age',
  'not_permitted',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

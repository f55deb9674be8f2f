/** Everything the FHIR API can say, taken from its answers: the resources that the judge is shown. */
import {
  ABSENT_REASONS,
  type AccessEntry,
  type ConsentDocument,
  ERRORS,
  isErrorCode,
  PulseError,
  type Reading,
  VITAL_CODES,
  VITAL_SIGNS,
  type VitalCode,
  type VitalSign,
} from '@pulseledger/domain';
import { outcomeOf } from '../../lambdas/fhir-api/src/http/outcome.ts';
import { observationsIn, type Received, testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import type { MemoryRecord } from '../../lambdas/fhir-api/src/testing/memory-record.ts';
import {
  AMINA,
  amina,
  BORIS,
  BORIS_WATCH,
  boris,
  emptyRecord,
  oneOfEach,
  SECOND_MS,
  TEN,
  WATCH,
} from '../../lambdas/fhir-api/src/testing/story.ts';
import { toAuditEvent } from '../../lambdas/fhir-api/src/views/audit-event.ts';
import { toConsent } from '../../lambdas/fhir-api/src/views/consent.ts';

/** One reading of a code and unit: in the middle of what is plausible, far above it, and none at all. */
function readingsOf(code: VitalCode, place: number): Reading[] {
  const { kind, units }: VitalSign = VITAL_SIGNS[code];
  const atMs = TEN + place * 10 * SECOND_MS;
  return Object.entries(units).flatMap(([unit, { low, high }], index): Reading[] => {
    const base = { code, unit, atMs: atMs + index * 3 * SECOND_MS };
    if (kind === 'sampled') {
      const sampled = { periodMs: 3.90625, origin: -0.5, factor: 0.0025, data: [0, -7, 32_000] };
      return [{ ...base, sampled }];
    }
    const lasts = kind === 'period-quantity' ? { durationMs: 60_500 } : {};
    return [
      { ...base, ...lasts, value: Math.round((low + high) * 50) / 100 },
      { ...base, ...lasts, atMs: base.atMs + SECOND_MS, value: high * 10 + 0.25 },
      { ...base, ...lasts, atMs: base.atMs + 2 * SECOND_MS, absent: absentReason(place) },
    ];
  });
}

function absentReason(place: number): (typeof ABSENT_REASONS)[number] {
  return ABSENT_REASONS[place % ABSENT_REASONS.length] ?? 'unknown';
}

function recordOfEverything(): MemoryRecord {
  const record = emptyRecord();
  const readings = [...VITAL_CODES.flatMap(readingsOf), ...oneOfEach()];
  record.send({ deviceId: WATCH, firstSequence: 7, zoneOffsetMinutes: 345, readings });
  // A clock that is behind UTC, and one exactly on it.
  const other = { deviceId: BORIS_WATCH, readings: oneOfEach() };
  record.send({ ...other, firstSequence: 2 ** 40, zoneOffsetMinutes: -570 });
  record.send({ ...other, boot: 2 ** 32 - 1, firstSequence: 0 });
  return record;
}

const ADDRESSES = [
  'metadata',
  `Patient/${AMINA}`,
  `Patient/${AMINA}/$everything`,
  `Patient/${AMINA}/$summary`,
  `Patient/${BORIS}`,
  `Device/${WATCH}`,
  `Device/${BORIS_WATCH}`,
  `Observation?patient=${AMINA}&_count=2`,
  `Observation?patient=${AMINA}&code=0000-0`,
  `Observation?patient=${AMINA}&_summary=count`,
  `Observation/$lastn?patient=${AMINA}&code=8867-4&max=2`,
  `Observation?patient=${AMINA}&date=never`,
  'Observation/unknown',
  'Unknown/1',
];

const ACCESS: AccessEntry = {
  permitId: 'c'.repeat(32),
  subjectId: 'd'.repeat(32),
  role: 'doctor',
  mspId: 'HospitalMSP',
  purpose: 'TREAT',
  classes: [
    { recordClass: 'condition', outcome: 'permit', reason: 'treating' },
    { recordClass: 'psychotherapy-note', outcome: 'deny', reason: 'psychotherapy_note' },
  ],
  atMs: TEN,
  untilMs: TEN + 1_800_000,
  emergency: null,
  committedLateAtMs: null,
};

const CONSENT: ConsentDocument = {
  terms: {
    v: 1,
    consentId: 'e'.repeat(32),
    patientId: AMINA,
    effect: 'permit',
    grantee: { mspId: 'InsurerMSP', subjectId: null },
    classes: ['encounter', 'procedure'],
    labels: ['HIV'],
    purposes: ['HPAYMT'],
    fromMs: TEN,
    untilMs: TEN + 86_400_000,
    share: null,
    saltHex: 'f'.repeat(32),
  },
  granted: {
    subjectId: AMINA,
    role: 'patient',
    mspId: 'HospitalMSP',
    atMs: TEN,
    assertion: { credentialId: 'x', authenticatorData: 'x', clientDataJson: 'x', signature: 'x' },
  },
  revoked: null,
  saltHex: 'f'.repeat(32),
};

/** Entries of the log and consents, of every shape. */
function views(): Resource[] {
  const emergency = { reasonCode: 'trauma', text: 'unconscious' } as const;
  const open = {
    ...CONSENT.terms,
    effect: 'deny',
    untilMs: null,
    classes: 'all',
    labels: [],
  } as const;
  const anybody = { grantee: { mspId: null, subjectId: null }, purposes: 'all' } as const;
  return [
    toAuditEvent(AMINA, ACCESS, new Map()),
    toAuditEvent(AMINA, ACCESS, new Map([[ACCESS.subjectId, 'Dr. Ana Núñez']])),
    toAuditEvent(AMINA, { ...ACCESS, subjectId: AMINA, role: 'patient', classes: [] }, new Map()),
    toAuditEvent(AMINA, { ...ACCESS, emergency, committedLateAtMs: TEN + 5 }, new Map()),
    toConsent(CONSENT, TEN),
    toConsent({ ...CONSENT, terms: { ...open, ...anybody }, revoked: CONSENT.granted }, TEN),
  ];
}

export type Resource = Received['resource'];
export type Observation = ReturnType<typeof observationsIn>[number];

export async function everythingEmitted(): Promise<Resource[]> {
  const api = testApi(recordOfEverything(), [amina, boris]);
  const all = [
    await api.send(amina, `Observation?patient=${AMINA}&_count=1000`),
    await api.send(boris, `Observation?patient=${BORIS}&_count=1000`),
  ];
  const answers = await Promise.all(
    ADDRESSES.map((address) => {
      const isOfBoris = address.includes(BORIS) || address.includes(BORIS_WATCH);
      return api.send(isOfBoris ? boris : amina, address);
    }),
  );
  const codes = Object.keys(ERRORS).filter(isErrorCode);
  return [
    ...all.flatMap(observationsIn),
    ...answers.map(({ resource }) => resource),
    ...views(),
    ...codes.map((code) => outcomeOf(new PulseError(code, 'in a few words'))),
  ];
}

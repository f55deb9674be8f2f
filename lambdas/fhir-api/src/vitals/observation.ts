/**
 * A sign as FHIR R4 Observation (https://hl7.org/fhir/R4/observation.html, /observation-vitalsigns.html). Pure and
 * deterministic: the same chunk gives the same resource at every time and place.
 */
import { plausibility, type Reading, VITAL_SIGNS, type VitalSign } from '@pulseledger/domain';
import type {
  CodeableConcept,
  Identifier,
  Observation,
  ObservationComponent,
  Quantity,
  SampledData,
} from 'fhir/r4.js';
import { observationIdOf } from './observation-id.ts';
import { codingOf, type ObservationKind } from './observation-kinds.ts';
import { durationMs, type Measurement, type Sign } from './signs.ts';

const UCUM = 'http://unitsofmeasure.org';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
const CATEGORY_DISPLAY: Record<ObservationKind['category'], string> = {
  'vital-signs': 'Vital Signs',
  activity: 'Activity',
  laboratory: 'Laboratory',
  procedure: 'Procedure',
};

/** Namespace of Observation.identifier: an OID under a UUID, which needs no registration. */
const OBSERVATION_IDENTIFIER_SYSTEM = 'urn:oid:2.25.214148741289155235136925146521260046487';

/**
 * HL7's integrity label for data that may be wrong. An implausible value stays as it was measured; this and a note
 * say so. https://terminology.hl7.org/CodeSystem-v3-ObservationValue.html
 */
const UNCERTAIN = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'UNCERTREL',
  display: 'uncertain reliability',
} as const;

/** On what came late: it was not there for who read the record at that time. `issued` says since when it is. */
const LATE = {
  system: 'urn:oid:2.25.25447374356082229456066583233349301391',
  code: 'recorded-late',
  display: 'recorded long after it was measured',
} as const;

export function toObservation(sign: Sign): Observation {
  const { kind } = sign;
  const doubts = sign.parts.flatMap(({ reading }) => doubtAbout(reading) ?? []);
  return {
    resourceType: 'Observation',
    id: observationIdOf(sign),
    ...metaOf(sign, doubts.length > 0),
    identifier: [identifierOf(sign)],
    status: 'final',
    category: [
      {
        coding: [
          { system: CATEGORY, code: kind.category, display: CATEGORY_DISPLAY[kind.category] },
        ],
      },
    ],
    code: { coding: kind.codings.map((coding) => ({ ...coding })) },
    subject: { reference: `Patient/${sign.patientId}` },
    ...effectiveOf(sign),
    ...issuedOf(sign),
    ...(kind.isPanel ? { component: componentsOf(sign) } : valueOf(sign.parts[0].reading)),
    ...(doubts.length > 0 ? { note: doubts.map((text) => ({ text })) } : {}),
    device: { reference: `Device/${sign.deviceId}` },
  };
}

function metaOf({ kind, lateRecordedAtMs }: Sign, isUncertain: boolean): Pick<Observation, 'meta'> {
  const meta = {
    ...(kind.profile === undefined ? {} : { profile: [kind.profile] }),
    ...(isUncertain ? { security: [{ ...UNCERTAIN }] } : {}),
    ...(lateRecordedAtMs === undefined ? {} : { tag: [{ ...LATE }] }),
  };
  return Object.keys(meta).length > 0 ? { meta } : {};
}

/**
 * What makes a measurement the same measurement, as the Personal Health Device guide has it: patient, device, code,
 * time (http://hl7.org/fhir/uv/phd). The sequence tells two of the same moment apart.
 */
function identifierOf(sign: Sign): Identifier {
  const { reading, sequence } = sign.parts[0];
  const at = localTime(reading.atMs, sign.zoneOffsetMinutes);
  const parts = [sign.patientId, sign.deviceId, sign.kind.code, at, `${sign.boot}.${sequence}`];
  return { system: OBSERVATION_IDENTIFIER_SYSTEM, value: parts.join('-') };
}

function effectiveOf(sign: Sign): Pick<Observation, 'effectiveDateTime' | 'effectivePeriod'> {
  const { reading } = sign.parts[0];
  const start = localTime(reading.atMs, sign.zoneOffsetMinutes);
  const lasts = durationMs(reading);
  if (lasts === undefined) return { effectiveDateTime: start };
  const end = localTime(reading.atMs + lasts, sign.zoneOffsetMinutes);
  return { effectivePeriod: { start, end } };
}

/** Only of what came late; of anything else the ledger keeps no time but the one of measurement. */
function issuedOf({ lateRecordedAtMs }: Sign): Pick<Observation, 'issued'> {
  if (lateRecordedAtMs === undefined) return {};
  return { issued: new Date(lateRecordedAtMs).toISOString() };
}

/** The device's own clock: milliseconds and zone offset are never thrown away. */
export function localTime(atMs: number, zoneOffsetMinutes: number): string {
  const local = new Date(atMs + zoneOffsetMinutes * 60_000).toISOString().slice(0, -1);
  const minutes = Math.abs(zoneOffsetMinutes);
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0');
  const mm = String(minutes % 60).padStart(2, '0');
  return `${local}${zoneOffsetMinutes < 0 ? '-' : '+'}${hh}:${mm}`;
}

interface Value {
  valueQuantity?: Quantity;
  valueSampledData?: SampledData;
  dataAbsentReason?: CodeableConcept;
}

function valueOf(reading: Reading): Value {
  if ('absent' in reading) return { dataAbsentReason: absentReason(reading.absent) };
  if ('sampled' in reading) return { valueSampledData: sampledData(reading) };
  return { valueQuantity: quantity(reading.value, reading.unit) };
}

function absentReason(code: string): CodeableConcept {
  return { coding: [{ system: ABSENT, code }] };
}

function quantity(value: number, unit: string): Quantity {
  return { value, unit, system: UCUM, code: unit };
}

/** https://hl7.org/fhir/R4/datatypes.html#SampledData */
function sampledData(reading: Extract<Reading, { sampled: unknown }>): SampledData {
  const { origin, periodMs, factor, data } = reading.sampled;
  return {
    origin: quantity(origin, reading.unit),
    period: periodMs,
    factor,
    dimensions: 1,
    data: data.join(' '),
  };
}

/** Every part of a panel is named; one that was not measured says so. */
function componentsOf(sign: Sign): ObservationComponent[] {
  return sign.kind.members.map((code) => {
    const part: Measurement | undefined = sign.parts.find(({ reading }) => reading.code === code);
    const value =
      part === undefined ? { dataAbsentReason: absentReason('unknown') } : valueOf(part.reading);
    return { code: { coding: [codingOf(code)] }, ...value };
  });
}

/** Why a value is not to be relied on; undefined when nothing speaks against it. */
function doubtAbout(reading: Reading): string | undefined {
  if (!('value' in reading)) return undefined;
  const { code, unit, value, durationMs: lasts } = reading;
  if (plausibility(code, unit, value, lasts) === 'plausible') return undefined;
  const { display, units }: VitalSign = VITAL_SIGNS[code];
  const range = units[unit];
  const limits = range === undefined ? '' : ` (${range.low} to ${range.high} ${unit})`;
  return `${display}: as measured, but outside what is plausible${limits}; left out of trends.`;
}

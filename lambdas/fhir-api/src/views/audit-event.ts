/** An entry of a patient's access log as AuditEvent: https://hl7.org/fhir/R4/auditevent.html */
import type { AccessEntry } from '@pulseledger/domain';
import type { AuditEvent, AuditEventAgent } from 'fhir/r4.js';
import type { Names } from '../record/names.ts';

const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';
const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
/** Namespace of the ids of people in this log: an OID under a UUID, which needs no registration. */
const SUBJECT_SYSTEM = 'urn:oid:2.25.93127411035286428017120846213754028361';
/** https://hl7.org/fhir/R4/valueset-audit-event-outcome.html */
const SUCCESS = '0';
const REFUSED = '4';

export function toAuditEvent(patientId: string, entry: AccessEntry, names: Names): AuditEvent {
  const { permitId, classes, atMs, purpose, emergency, committedLateAtMs, correction } = entry;
  const isRefused = classes.every(({ outcome }) => outcome === 'deny');
  const recordedMs = committedLateAtMs ?? atMs;
  const remarks = [
    ...(emergency === null ? [] : [`emergency: ${emergency.reasonCode}`]),
    ...(committedLateAtMs === null
      ? []
      : ['entered late, because the ledger could not order then']),
    ...(isRefused ? ['refused'] : []),
    ...(correction === undefined ? [] : [`correction ${correction}`]),
  ];
  return {
    resourceType: 'AuditEvent',
    id: permitId,
    type: { system: DICOM, code: '110110', display: 'Patient Record' },
    // What was asked or answered is new; nothing of the record was read.
    action: correction === undefined ? 'R' : 'C',
    period: { start: isoTime(atMs), end: isoTime(Math.max(atMs, entry.untilMs)) },
    recorded: isoTime(recordedMs),
    outcome: isRefused ? REFUSED : SUCCESS,
    ...(remarks.length > 0 ? { outcomeDesc: remarks.join('; ') } : {}),
    purposeOfEvent: [{ coding: [{ system: ACT_REASON, code: purpose }] }],
    agent: agentsOf(patientId, entry, names),
    source: { observer: { display: 'Pulseledger' } },
    entity: [
      {
        what: { reference: `Patient/${patientId}` },
        ...(classes.length > 0
          ? {
              detail: classes.map(({ recordClass, outcome }) => ({
                type: recordClass,
                valueString: outcome,
              })),
            }
          : {}),
      },
    ],
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function agentsOf(
  patientId: string,
  { subjectId, role, mspId }: AccessEntry,
  names: Names,
): AuditEventAgent[] {
  const isSelf = subjectId === patientId;
  const name = names.get(subjectId);
  const known = name === undefined ? {} : { reference: `Practitioner/${subjectId}`, display: name };
  const identifier = { system: SUBJECT_SYSTEM, value: subjectId };
  return [
    {
      role: [{ text: role }],
      who: { ...(isSelf ? { reference: `Patient/${patientId}` } : known), identifier },
      requestor: true,
    },
    { who: { display: mspId }, requestor: false },
  ];
}

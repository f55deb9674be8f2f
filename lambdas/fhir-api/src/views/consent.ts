/** A consent as FHIR shows it: https://hl7.org/fhir/R4/consent.html. It is given and revoked with a passkey, not through FHIR. */
import type { ConsentDocument } from '@pulseledger/domain';
import type { Coding, Consent, ConsentProvision } from 'fhir/r4.js';

const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
/** Namespace of the classes of records: an OID under a UUID, which needs no registration. */
const RECORD_CLASS_SYSTEM = 'urn:oid:2.25.301442716582041186530244710388129476023';

export function toConsent({ terms, granted, revoked }: ConsentDocument, nowMs: number): Consent {
  const hasEnded = terms.untilMs !== null && terms.untilMs <= nowMs;
  return {
    resourceType: 'Consent',
    id: terms.consentId,
    status: revoked !== null || hasEnded ? 'inactive' : 'active',
    scope: {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/consentscope',
          code: 'patient-privacy',
          display: 'Privacy Consent',
        },
      ],
    },
    category: [
      { coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Consent Document' }] },
    ],
    patient: { reference: `Patient/${terms.patientId}` },
    dateTime: isoTime(granted.atMs),
    policyRule: {
      coding: [{ system: ACT_CODE, code: terms.effect === 'permit' ? 'OPTIN' : 'OPTOUT' }],
    },
    provision: provisionOf(terms),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function provisionOf(terms: ConsentDocument['terms']): ConsentProvision {
  const { effect, fromMs, untilMs, grantee, purposes, labels, classes } = terms;
  const names = [grantee.mspId, grantee.subjectId].filter((name) => name !== null);
  const coded = (system: string, codes: readonly string[] | 'all'): Coding[] =>
    codes === 'all' ? [] : codes.map((code) => ({ system, code }));
  const purpose = coded(ACT_REASON, purposes);
  const securityLabel = coded(ACT_CODE, labels);
  const recordClasses = coded(RECORD_CLASS_SYSTEM, classes);
  return {
    type: effect,
    period: { start: isoTime(fromMs), ...(untilMs === null ? {} : { end: isoTime(untilMs) }) },
    actor: [
      {
        role: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
              code: 'IRCP',
              display: 'information recipient',
            },
          ],
        },
        reference: { display: names.length > 0 ? names.join(' ') : 'anybody' },
      },
    ],
    ...(purpose.length > 0 ? { purpose } : {}),
    ...(securityLabel.length > 0 ? { securityLabel } : {}),
    ...(recordClasses.length > 0 ? { class: recordClasses } : {}),
  };
}

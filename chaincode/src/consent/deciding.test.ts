/** Consents towards people and organizations that treat, and consents by who represents the patient. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Attestation,
  type ConsentTerms,
  ReadRecordsOutput,
  type RepresentativeDocument,
} from '@pulseledger/domain';
import type { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import { attest, openChart } from '../testing/attesting.ts';
import { firstPasskey, grant, revoke, setRelyingParty, termsWith } from '../testing/consents.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOSPITAL,
  HOUR_MS,
  ledgerWith,
  NOON_MS,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
  setTreating,
} from '../testing/story.ts';
import { writeOf, writeRecords } from '../testing/writing.ts';

const { patient, doctor, clinicDoctor, guardian } = PEOPLE;
const CHANGED = { status: 'changed' };

let ledger: LedgerDouble;
let phone: SoftwareAuthenticator;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setRelyingParty(ledger);
  await setTreating(ledger, doctor);
  phone = await firstPasskey(ledger, patient);
  const subject = { reference: `Patient/${PATIENT_ID}` };
  const condition = (text: string, labels: string[] = []) =>
    writeOf({
      recordClass: 'condition',
      labels,
      resource: { resourceType: 'Condition', subject, code: { text } },
    });
  await writeRecords(ledger, doctor, [condition('Asthma'), condition('HIV positive', ['HIV'])]);
});

/** Terms towards a provider or a person there. */
function towards(identity: Identity | null, change: Partial<ConsentTerms> = {}): ConsentTerms {
  return termsWith({
    grantee: { mspId: identity?.mspId ?? null, subjectId: identity?.subjectId ?? null },
    classes: ['condition'],
    purposes: ['TREAT'],
    untilMs: null,
    share: null,
    ...change,
  });
}

/** What somebody reads of the conditions: their texts, or the code of the refusal. */
async function conditions(identity: Identity, nowMs: number = NOON_MS): Promise<string[]> {
  const about = { patientId: PATIENT_ID, classes: ['condition'] as const };
  const permitId = await openChart(ledger, identity, about, nowMs);
  const input = { patientId: PATIENT_ID, permitId, recordClasses: ['condition'], pageSize: 10 };
  try {
    const answer = await ledger.evaluate('record:Read', { identity, input, nowMs });
    const { records } = ReadRecordsOutput.parse(answer);
    return records.map(({ resource }) => JSON.stringify(resource?.['code'])).sort();
  } catch (error) {
    return [error instanceof Error ? (error.message.split(':')[0] ?? '') : 'other'];
  }
}

const ASTHMA = '{"text":"Asthma"}';
const HIV = '{"text":"HIV positive"}';

describe('a consent towards a clinician', () => {
  it('opens what it covers to who does not treat, until it is revoked', async () => {
    expect(await conditions(clinicDoctor)).toEqual([]);
    const terms = towards(clinicDoctor);
    expect(await grant(ledger, patient, phone, terms)).toEqual(CHANGED);
    expect(await conditions(clinicDoctor)).toEqual([ASTHMA]);
    expect(await revoke(ledger, patient, phone, terms)).toEqual(CHANGED);
    expect(await conditions(clinicDoctor)).toEqual([]);
  });

  it('covers a sensitive record only by its label, and only for its time', async () => {
    const terms = towards(clinicDoctor, { labels: ['HIV'], untilMs: NOON_MS + HOUR_MS });
    await grant(ledger, patient, phone, terms);
    expect(await conditions(clinicDoctor)).toEqual([ASTHMA, HIV]);
    expect(await conditions(clinicDoctor, NOON_MS + HOUR_MS)).toEqual([]);
  });

  it('is for that clinician at that organization', async () => {
    await grant(ledger, patient, phone, towards(clinicDoctor));
    expect(await conditions({ ...clinicDoctor, subjectId: doctor.subjectId })).toEqual([]);
    expect(await conditions({ ...clinicDoctor, mspId: HOSPITAL })).toEqual([]);
  });
});

describe('a deny', () => {
  it('hides from who treats, without a trace, what it names, and overrides a permit', async () => {
    expect(await conditions(doctor)).toEqual([ASTHMA, HIV]);
    const deny = { effect: 'deny', purposes: 'all' } as const;
    const hidden = towards(doctor, { ...deny, labels: ['HIV'] });
    await grant(ledger, patient, phone, hidden);
    expect(await conditions(doctor)).toEqual([ASTHMA]);
    await grant(ledger, patient, phone, towards(doctor, { labels: ['HIV'] }));
    expect(await conditions(doctor)).toEqual([ASTHMA]);
    await grant(ledger, patient, phone, towards(null, { ...deny, classes: 'all' }));
    expect(await conditions(doctor)).toEqual([]);
    expect(await conditions(patient)).toEqual([ASTHMA, HIV]);
  });

  it('of an organization hides from all of its people, and from no others', async () => {
    await setTreating(ledger, clinicDoctor);
    const grantee = { mspId: CLINIC, subjectId: null };
    await grant(ledger, patient, phone, towards(null, { effect: 'deny', grantee }));
    expect(await conditions(clinicDoctor)).toEqual([]);
    expect(await conditions(doctor)).toEqual([ASTHMA, HIV]);
  });
});

describe('a representative', () => {
  async function represent(change: Partial<RepresentativeDocument> = {}): Promise<void> {
    const input = {
      representativeId: guardian.subjectId,
      kind: 'proxy',
      scope: { classes: ['condition'], actions: ['share'] },
      fromMs: NOON_MS,
      untilMs: NOON_MS + HOUR_MS,
      saltHex: SALT_HEX,
      ...change,
    };
    const attestation: Attestation = await attest(
      ledger,
      patient,
      { patientId: PATIENT_ID, wants: [{ action: 'represent', recordClass: 'basics' }] },
      NOON_MS,
    );
    const call = { identity: patient, input, attestation, nowMs: NOON_MS };
    await ledger.submit('access:SetRepresentative', call);
  }

  it('consents with a passkey of their own, within scope and time', async () => {
    const device = await firstPasskey(ledger, guardian);
    const terms = towards(clinicDoctor);
    const denied = 'access_denied: ';
    await expect(grant(ledger, guardian, device, terms)).rejects.toThrow(denied);
    await represent();
    await expect(grant(ledger, guardian, phone, terms)).rejects.toThrow('bad_assertion: ');
    expect(await grant(ledger, guardian, device, terms)).toEqual(CHANGED);
    expect(await conditions(clinicDoctor)).toEqual([ASTHMA]);
    const wider = towards(clinicDoctor, { classes: ['condition', 'medication'] });
    await expect(grant(ledger, guardian, device, wider)).rejects.toThrow(denied);
    const nowMs = NOON_MS + HOUR_MS;
    const late = grant(ledger, guardian, device, towards(clinicDoctor), { nowMs });
    await expect(late).rejects.toThrow(denied);
    expect(await revoke(ledger, patient, phone, terms)).toEqual(CHANGED);
  });
});

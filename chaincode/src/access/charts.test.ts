import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  Attestation,
  Claims,
  canonicalJson,
  ListAccessOutput,
  PERMIT_LIFE_MS,
  type RecordClass,
} from '@pulseledger/domain';
import { attest, attesterKeyPair, openChart, readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOSPITAL,
  idOf,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
  setTreating,
} from '../testing/story.ts';
import type { FunctionName } from './rules.ts';

const SECOND_MS = 1_000;
const PERMIT_ID = '9e'.repeat(16);
const WANTS = [{ action: 'read', recordClass: 'basics' }] as const;

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setTreating(ledger, PEOPLE.doctor, NOON_MS + 10 * MINUTE_MS);
});

function attested(identity: Identity = PEOPLE.doctor, nowMs = NOON_MS): Promise<Attestation> {
  return attest(ledger, identity, { patientId: PATIENT_ID, wants: WANTS }, nowMs);
}

function open(attestation: unknown, identity: Identity = PEOPLE.doctor, nowMs = NOON_MS) {
  const input = { permitId: PERMIT_ID, saltHex: SALT_HEX };
  return ledger.submit('access:OpenChart', { identity, input, attestation, nowMs });
}

function read(permitId: string, identity: Identity = PEOPLE.doctor, nowMs = NOON_MS) {
  const input = { patientId: PATIENT_ID, permitId };
  return ledger.evaluate('care:ReadPatient', { identity, input, nowMs });
}

function altered(attestation: Attestation, change: object): Attestation {
  const claims = { ...Claims.parse(JSON.parse(attestation.claims)), ...change };
  return { ...attestation, claims: canonicalJson(claims) };
}

describe('an attestation', () => {
  it('opens a chart once and may be repeated with the same permit', async () => {
    const attestation = await attested();
    expect(await open(attestation)).toEqual({ status: 'changed' });
    expect(await open(attestation)).toEqual({ status: 'unchanged' });
    expect(await read(PERMIT_ID)).toMatchObject({ patientId: PATIENT_ID });
    await expect(open(await attested(PEOPLE.doctor, NOON_MS + 1))).rejects.toThrow('conflict: ');
  });

  it('is worth nothing when anything in it was changed', async () => {
    const attestation = await attested(PEOPLE.clinicDoctor);
    const [decision] = Claims.parse(JSON.parse(attestation.claims)).decisions;
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'not_permitted' });
    const changes = [
      { decisions: [{ ...decision, outcome: 'permit', reason: 'treating' }] },
      { patientId: OTHER_PATIENT_ID },
      { expiresAtMs: NOON_MS + 60_001 },
      { nonceHex: 'ff'.repeat(16) },
    ];
    for (const change of changes) {
      const call = open(altered(attestation, change), PEOPLE.clinicDoctor);
      await expect(call).rejects.toThrow('bad_attestation: ');
    }
  });

  it('needs the signatures of both organizations, each its own', async () => {
    const attestation = await attested();
    const { HospitalMSP, ClinicMSP } = attestation.signatures;
    const forgeries = [
      { HospitalMSP, ClinicMSP: HospitalMSP },
      { HospitalMSP: ClinicMSP, ClinicMSP },
      { HospitalMSP: ClinicMSP, ClinicMSP: HospitalMSP },
      { HospitalMSP, ClinicMSP: `${'A'.repeat(86)}==` },
    ];
    for (const signatures of forgeries) {
      const call = open({ ...attestation, signatures });
      await expect(call).rejects.toThrow('bad_attestation: ');
    }
    const one = open({ ...attestation, signatures: { HospitalMSP } });
    await expect(one).rejects.toThrow('invalid_input: ');
    await expect(open(undefined)).rejects.toThrow('bad_attestation: ');
  });

  it('is of the person who asked, in that role and for that organization', async () => {
    const attestation = await attested();
    const others: Identity[] = [
      PEOPLE.clinicDoctor,
      PEOPLE.patient,
      { ...PEOPLE.doctor, mspId: CLINIC },
      { ...PEOPLE.doctor, role: 'nurse' },
    ];
    for (const identity of others) {
      await expect(open(attestation, identity)).rejects.toThrow('bad_attestation: ');
    }
  });

  it.each([
    ['a minute after its moment', 60 * SECOND_MS, 'attestation_stale'],
    ['long before its moment, as in a back-dated proposal', -6 * SECOND_MS, 'attestation_stale'],
    ['by a clock that is a little behind', -5 * SECOND_MS, undefined],
    ['just before it ends', 60 * SECOND_MS - 1, undefined],
  ])('when used %s', async (_when, laterMs, code) => {
    const call = open(await attested(), PEOPLE.doctor, NOON_MS + laterMs);
    if (code === undefined) expect(await call).toEqual({ status: 'changed' });
    else await expect(call).rejects.toThrow(`${code}: `);
  });

  it('is given for the present moment only', async () => {
    const wants = WANTS;
    const input = {
      attesterMspId: HOSPITAL,
      question: {
        ...{ patientId: PATIENT_ID, purpose: 'TREAT', wants, atMs: NOON_MS },
        nonceHex: '00'.repeat(16),
      },
    };
    for (const nowMs of [NOON_MS + 31 * SECOND_MS, NOON_MS - 31 * SECOND_MS]) {
      const proposal = { identity: PEOPLE.doctor, input, nowMs };
      const call = ledger.evaluate('access:Attest', proposal);
      await expect(call).rejects.toThrow('attestation_stale: ');
    }
  });

  it('is not signed for another organization', async () => {
    const question = { patientId: PATIENT_ID, purpose: 'TREAT', wants: WANTS, atMs: NOON_MS };
    const call = ledger.evaluate('access:Attest', {
      identity: PEOPLE.doctor,
      input: { attesterMspId: CLINIC, question: { ...question, nonceHex: '00'.repeat(16) } },
      nowMs: NOON_MS,
      peerMspId: HOSPITAL,
    });
    await expect(call).rejects.toThrow('unavailable: ');
  });
});

describe('keys of attesters', () => {
  const publish = (key: object, identity: Identity = PEOPLE.administrator) =>
    ledger.submit('access:PublishAttester', { identity, input: key, nowMs: NOON_MS });

  it('change with an overlap, and a signature holds with either', async () => {
    const before = await attested();
    const { publicKeySpkiBase64, privateKeyPkcs8Base64 } = attesterKeyPair();
    const keyId = idOf('new key');
    const identity = PEOPLE.administrator;
    const secret = { keyId, privateKeyPkcs8Base64, saltHex: SALT_HEX };
    await ledger.submit('access:PutAttesterKey', { identity, input: secret, nowMs: NOON_MS });
    const key = { keyId, publicKeySpkiBase64, fromMs: NOON_MS, untilMs: null };
    expect(await publish(key)).toEqual({ status: 'changed' });
    expect(await publish(key)).toEqual({ status: 'unchanged' });
    expect(await open(before)).toEqual({ status: 'changed' });
    const after = await attested();
    expect(after.signatures.HospitalMSP).not.toBe(before.signatures.HospitalMSP);
    const input = { permitId: idOf('another permit'), saltHex: SALT_HEX };
    const opening = { identity: PEOPLE.doctor, input, attestation: after, nowMs: NOON_MS };
    expect(await ledger.submit('access:OpenChart', opening)).toEqual({ status: 'changed' });
    await expect(publish({ ...key, keyId: idOf('third key') })).rejects.toThrow('conflict: ');
    const other = { ...key, publicKeySpkiBase64: attesterKeyPair().publicKeySpkiBase64 };
    await expect(publish(other)).rejects.toThrow('conflict: ');
  });

  it('that ended sign nothing any more', async () => {
    const attestation = await attested();
    const { attesters } = (await ledger.evaluate('access:ListAttesters', {
      ...{ identity: PEOPLE.doctor, input: {}, nowMs: NOON_MS },
    })) as { attesters: Record<string, object[]> };
    await publish({ ...attesters[HOSPITAL]?.[0], untilMs: NOON_MS });
    await expect(open(attestation)).rejects.toThrow('bad_attestation: ');
    await expect(attested()).rejects.toThrow('unavailable: ');
  });

  it('are Ed25519 keys', async () => {
    const { publicKeySpkiBase64 } = attesterKeyPair();
    const key = { keyId: idOf('key'), fromMs: 0, untilMs: null };
    const wrong = `${'A'.repeat(59)}=`;
    await expect(publish({ ...key, publicKeySpkiBase64: wrong })).rejects.toThrow(
      'invalid_input: ',
    );
    expect(publicKeySpkiBase64).toMatch(/=$/);
    const secret = { keyId: key.keyId, privateKeyPkcs8Base64: 'B'.repeat(64), saltHex: SALT_HEX };
    const proposal = { identity: PEOPLE.administrator, input: secret, nowMs: NOON_MS };
    const call = ledger.submit('access:PutAttesterKey', proposal);
    await expect(call).rejects.toThrow('invalid_input: ');
  });

  it('stay where they are: the private one is in the organization’s own collection only', () => {
    const keys = [...ledger.privateData].filter(([, { value }]) =>
      Buffer.from(value).toString().includes('privateKeyPkcs8Base64'),
    );
    expect(keys.map(([place]) => place.split('/')[0]).sort()).toEqual([
      '_implicit_org_ClinicMSP',
      '_implicit_org_HospitalMSP',
    ]);
    expect(JSON.stringify([...ledger.publicState])).not.toContain('privateKey');
  });
});

describe('a permit', () => {
  it('is the opener’s own, for what was opened, until it ends', async () => {
    const opening = { patientId: PATIENT_ID, classes: ['device'] as RecordClass[] };
    const other = await openChart(ledger, PEOPLE.doctor, opening, NOON_MS);
    await expect(read(other)).rejects.toThrow('access_denied: ');
    const permit = await openChart(ledger, PEOPLE.patient, { patientId: PATIENT_ID }, NOON_MS);
    await expect(read(permit)).rejects.toThrow('chart_closed: ');
    await expect(read(idOf('no permit'))).rejects.toThrow('chart_closed: ');
    const untilMs = NOON_MS + PERMIT_LIFE_MS;
    expect(await read(permit, PEOPLE.patient, untilMs - 1)).toBeDefined();
    await expect(read(permit, PEOPLE.patient, untilMs)).rejects.toThrow('chart_closed: ');
    await expect(read(permit, PEOPLE.patient, NOON_MS - 1)).rejects.toThrow('chart_closed: ');
  });

  it('is of that patient only', async () => {
    const permitId = await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, NOON_MS);
    const input = { patientId: OTHER_PATIENT_ID, permitId };
    const proposal = { identity: PEOPLE.doctor, input, nowMs: NOON_MS };
    const call = ledger.evaluate('care:ReadPatient', proposal);
    await expect(call).rejects.toThrow('chart_closed: ');
  });

  it('does not outlive the relation that it rests on (F2)', async () => {
    const permitId = await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, NOON_MS);
    expect(await read(permitId, PEOPLE.doctor, NOON_MS + 10 * MINUTE_MS - 1)).toBeDefined();
    const after = read(permitId, PEOPLE.doctor, NOON_MS + 10 * MINUTE_MS);
    await expect(after).rejects.toThrow('access_denied: ');
    const end = { patientId: PATIENT_ID, practitionerId: PEOPLE.doctor.subjectId };
    await ledger.submit('care:EndTreating', {
      identity: PEOPLE.patient,
      input: { ...end, untilMs: NOON_MS + MINUTE_MS },
      nowMs: NOON_MS + MINUTE_MS,
    });
    const revoked = read(permitId, PEOPLE.doctor, NOON_MS + MINUTE_MS);
    await expect(revoked).rejects.toThrow('access_denied: ');
  });

  it('that was denied is an entry, and opens nothing', async () => {
    const permitId = await openChart(ledger, PEOPLE.nurse, { patientId: PATIENT_ID }, NOON_MS);
    await expect(read(permitId, PEOPLE.nurse)).rejects.toThrow('access_denied: ');
  });

  it('does not tell the patient of psychotherapy notes: they are told as notes', async () => {
    const nowMs = NOON_MS;
    const classes: RecordClass[] = ['basics', 'psychotherapy-note'];
    await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID, classes }, nowMs);
    classes.push('note');
    await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID, classes }, nowMs);
    const input = { patientId: PATIENT_ID, fromMs: 0, toMs: nowMs + 1, pageSize: 10 };
    for (const name of ['access:List', 'access:Notices'] as const) {
      const answer = await ledger.evaluate(name, { identity: PEOPLE.patient, input, nowMs });
      expect(JSON.stringify(answer)).not.toContain('psychotherapy');
      const told = ListAccessOutput.parse(answer).entries.map((entry) => entry.classes);
      expect(told).toHaveLength(2);
      for (const one of told) {
        expect(one.map(({ recordClass }) => recordClass)).toEqual(['basics', 'note']);
      }
    }
  });

  it('is committed at a key that no other transaction reads or writes', async () => {
    const attestation = await attested();
    const input = { permitId: PERMIT_ID, saltHex: SALT_HEX };
    const proposal = { identity: PEOPLE.doctor, input, attestation, nowMs: NOON_MS };
    const { stub } = await ledger.endorse('access:OpenChart', proposal);
    const touched = [...stub.reads.keys(), ...stub.privateWrites.keys()];
    expect(touched.every((key) => key.includes(PERMIT_ID))).toBe(true);
    expect(touched).toHaveLength(2);
  });
});

describe('the accounting of disclosures', () => {
  const list = async (
    identity: Identity,
    more: object = {},
    name: FunctionName = 'access:List',
  ) => {
    const page = { fromMs: 0, toMs: NOON_MS + 60 * MINUTE_MS, pageSize: 10 };
    const input = { patientId: PATIENT_ID, ...page, ...more };
    const nowMs = NOON_MS + MINUTE_MS;
    return ListAccessOutput.parse(await ledger.evaluate(name, { identity, input, nowMs }));
  };
  beforeEach(async () => {
    const about = { patientId: PATIENT_ID, classes: ['vitals', 'psychotherapy-note'] as const };
    await openChart(ledger, PEOPLE.doctor, about, NOON_MS);
    await openChart(ledger, PEOPLE.nurse, about, NOON_MS + 1);
    await openChart(ledger, PEOPLE.patient, about, NOON_MS + 2);
    await openChart(ledger, PEOPLE.doctor, { patientId: OTHER_PATIENT_ID }, NOON_MS + 3);
  });

  it('says who, for whom, when, why and what, refused or not', async () => {
    const { entries } = await list(PEOPLE.patient);
    expect(entries).toMatchObject([
      { subjectId: PATIENT_ID, role: 'patient', purpose: 'PATRQT' },
      { subjectId: PEOPLE.nurse.subjectId, classes: [{ outcome: 'deny' }, { outcome: 'deny' }] },
      {
        subjectId: PEOPLE.doctor.subjectId,
        mspId: HOSPITAL,
        atMs: NOON_MS,
        purpose: 'TREAT',
        emergency: null,
        classes: [
          { recordClass: 'vitals', outcome: 'permit', reason: 'treating' },
          { recordClass: 'note', outcome: 'deny', reason: 'not_permitted' },
        ],
      },
    ]);
    expect(JSON.stringify(entries)).not.toContain('saltHex');
  });

  it('comes in pages, newest first, and by period', async () => {
    const first = await list(PEOPLE.patient, { pageSize: 2 });
    expect(first.entries.map(({ atMs }) => atMs - NOON_MS)).toEqual([2, 1]);
    const { bookmark } = first;
    const rest = await list(PEOPLE.patient, { pageSize: 2, bookmark });
    expect(rest.entries.map(({ atMs }) => atMs - NOON_MS)).toEqual([0]);
    expect(rest.bookmark).toBeUndefined();
    const period = await list(PEOPLE.patient, { fromMs: NOON_MS + 1, toMs: NOON_MS + 2 });
    expect(period.entries).toHaveLength(1);
  });

  it('tells the patient of others', async () => {
    const { entries } = await list(PEOPLE.patient, {}, 'access:Notices');
    expect(entries.map(({ role }) => role)).toEqual(['nurse', 'doctor']);
  });

  it('is for nobody else', async () => {
    for (const identity of [PEOPLE.otherPatient, PEOPLE.guardian]) {
      await expect(list(identity)).rejects.toThrow('access_denied: ');
    }
    await expect(list(PEOPLE.doctor)).rejects.toThrow('access_denied: ');
  });
});

describe('a clinician who registers a patient', () => {
  it('treats the patient from then on', async () => {
    const patientId = idOf('new patient');
    const basics = { family: 'Neu', given: [], birthDate: '2000', gender: 'other' };
    await ledger.submit('care:RegisterPatient', {
      identity: PEOPLE.clinicDoctor,
      input: { patientId, basics, saltHex: SALT_HEX },
      nowMs: NOON_MS,
    });
    const proposal = { identity: PEOPLE.clinicDoctor, input: { patientId }, nowMs: NOON_MS };
    expect(await readOpened(ledger, 'care:ReadPatient', proposal)).toMatchObject({ patientId });
  });
});

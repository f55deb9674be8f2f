import { beforeEach, describe, expect, it } from '@jest/globals';
import { ListLinksOutput, ListRepresentativesOutput } from '@pulseledger/domain';
import { attest, openChart, readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOSPITAL,
  HOUR_MS,
  idOf,
  ledgerWith,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
  setTreating,
} from '../testing/story.ts';
import type { FunctionName } from './rules.ts';

const { patient, administrator, clinicAdministrator, guardian } = PEOPLE;
const CHILD_ID = idOf('child');
const SCOPE = { classes: 'all', actions: 'all' };

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  const basics = { family: 'Kind', given: [], birthDate: '2012-11-22', gender: 'female' };
  await ledger.submit('care:RegisterPatient', {
    identity: administrator,
    input: { patientId: CHILD_ID, basics, saltHex: SALT_HEX },
    nowMs: NOON_MS,
  });
});

async function attested(
  name: FunctionName,
  identity: Identity,
  about: { patientId: string; action: 'represent' | 'register' },
  input: object,
): Promise<unknown> {
  const { patientId, action } = about;
  const wants = [{ action, recordClass: 'basics' as const }];
  const attestation = await attest(ledger, identity, { patientId, wants }, NOON_MS);
  return ledger.submit(name, { identity, input, attestation, nowMs: NOON_MS });
}

function name(
  identity: Identity,
  patientId: string,
  more: object = {},
  representative: Identity = guardian,
): Promise<unknown> {
  const about = { patientId, action: 'represent' as const };
  return attested('access:SetRepresentative', identity, about, {
    ...{ representativeId: representative.subjectId, kind: 'proxy', scope: SCOPE },
    ...{ fromMs: NOON_MS, untilMs: null, saltHex: SALT_HEX, ...more },
  });
}

function read(identity: Identity, patientId: string, nowMs = NOON_MS): Promise<unknown> {
  return readOpened(ledger, 'care:ReadPatient', { identity, input: { patientId }, nowMs });
}

describe('a representative', () => {
  it('named by the patient acts within the scope until the end', async () => {
    await expect(read(guardian, PATIENT_ID)).rejects.toThrow('access_denied: ');
    const scope = { classes: ['basics'], actions: ['read', 'account'] };
    await name(patient, PATIENT_ID, { scope, untilMs: NOON_MS + HOUR_MS });
    expect(await read(guardian, PATIENT_ID)).toMatchObject({ patientId: PATIENT_ID });
    const permitId = await openChart(ledger, guardian, { patientId: PATIENT_ID }, NOON_MS);
    const devices = ledger.evaluate('device:ListByPatient', {
      ...{ identity: guardian, nowMs: NOON_MS },
      input: { patientId: PATIENT_ID, permitId },
    });
    await expect(devices).rejects.toThrow('access_denied: ');
    const list = { patientId: PATIENT_ID, fromMs: 0, toMs: NOON_MS + HOUR_MS, pageSize: 5 };
    const proposal = { identity: guardian, input: list, nowMs: NOON_MS };
    expect(await ledger.evaluate('access:List', proposal)).toHaveProperty('entries');
    const after = read(guardian, PATIENT_ID, NOON_MS + HOUR_MS);
    await expect(after).rejects.toThrow('access_denied: ');
  });

  it('can be ended by the patient, and is listed with who recorded it', async () => {
    await name(patient, PATIENT_ID);
    const about = { patientId: PATIENT_ID, action: 'represent' as const };
    const input = { representativeId: guardian.subjectId, untilMs: NOON_MS };
    await attested('access:EndRepresentative', patient, about, input);
    await expect(read(guardian, PATIENT_ID)).rejects.toThrow('access_denied: ');
    const answer = await ledger.evaluate('access:ListRepresentatives', {
      ...{ identity: patient, input: { patientId: PATIENT_ID }, nowMs: NOON_MS },
    });
    expect(ListRepresentativesOutput.parse(answer).representatives).toMatchObject([
      { kind: 'proxy', untilMs: NOON_MS, recordedBy: { role: 'patient', subjectId: PATIENT_ID } },
    ]);
  });

  it('by law is recorded by an administrator where a minor is registered', async () => {
    await name(administrator, CHILD_ID, { kind: 'guardian' });
    expect(await read(guardian, CHILD_ID)).toMatchObject({ patientId: CHILD_ID });
    const birthday16 = Date.UTC(2028, 10, 22);
    await expect(read(guardian, CHILD_ID, birthday16)).rejects.toThrow('access_denied: ');
  });

  it.each<[string, Identity, string, object, Identity]>([
    ['a guardian of an adult', administrator, PATIENT_ID, { kind: 'guardian' }, guardian],
    ['a guardian elsewhere', clinicAdministrator, CHILD_ID, { kind: 'guardian' }, guardian],
    ['a proxy by an administrator', administrator, CHILD_ID, {}, guardian],
    ['a guardian by the patient', patient, PATIENT_ID, { kind: 'guardian' }, guardian],
    ['oneself', administrator, CHILD_ID, { kind: 'guardian' }, administrator],
    ['for another patient', patient, OTHER_PATIENT_ID, {}, guardian],
  ])('is not recorded: %s', async (_what, identity, patientId, more, representative) => {
    const call = name(identity, patientId, more, representative);
    await expect(call).rejects.toThrow('access_denied: ');
  });
});

describe('a link of registrations', () => {
  const LINK_ID = idOf('link');
  const register = { patientId: PATIENT_ID, action: 'register' as const };
  const link = (target: object, identity: Identity = clinicAdministrator) =>
    attested('care:Link', identity, register, { linkId: LINK_ID, target, saltHex: SALT_HEX });
  const unlink = () => attested('care:Unlink', administrator, register, { linkId: LINK_ID });
  const links = async (patientId: string) => {
    const proposal = { identity: administrator, input: { patientId }, nowMs: NOON_MS };
    return ListLinksOutput.parse(await ledger.evaluate('care:ListLinks', proposal)).links;
  };

  it('makes the patient one of the other organization as well, until it is ended', async () => {
    const atClinic: Identity = { ...patient, mspId: CLINIC };
    await expect(read(atClinic, PATIENT_ID)).rejects.toThrow('access_denied: ');
    await link({ kind: 'local-number', number: '4711' });
    expect(await read(atClinic, PATIENT_ID)).toMatchObject({ patientId: PATIENT_ID });
    await unlink();
    await expect(read(atClinic, PATIENT_ID)).rejects.toThrow('access_denied: ');
    expect(await links(PATIENT_ID)).toMatchObject([
      {
        target: { kind: 'local-number', number: '4711' },
        untilMs: NOON_MS,
        linkedBy: { mspId: CLINIC },
        unlinkedBy: { mspId: HOSPITAL },
      },
    ]);
  });

  it('of two ids of one person lets who treats the one treat the other; a wrong one is undone', async () => {
    await setTreating(ledger, PEOPLE.doctor);
    await expect(read(PEOPLE.doctor, OTHER_PATIENT_ID)).rejects.toThrow('access_denied: ');
    await link({ kind: 'same-person', patientId: OTHER_PATIENT_ID });
    expect(await read(PEOPLE.doctor, OTHER_PATIENT_ID)).toMatchObject({
      patientId: OTHER_PATIENT_ID,
    });
    await expect(read(patient, OTHER_PATIENT_ID)).rejects.toThrow('access_denied: ');
    await unlink();
    await expect(read(PEOPLE.doctor, OTHER_PATIENT_ID)).rejects.toThrow('access_denied: ');
    expect(await links(OTHER_PATIENT_ID)).toMatchObject([{ untilMs: NOON_MS }]);
    expect(await read(PEOPLE.doctor, PATIENT_ID)).toMatchObject({ patientId: PATIENT_ID });
  });

  it('is not made with oneself, and is made once', async () => {
    const self = link({ kind: 'same-person', patientId: PATIENT_ID });
    await expect(self).rejects.toThrow('invalid_input: ');
    await expect(unlink()).rejects.toThrow('not_found: ');
    const number = { kind: 'local-number', number: '1' };
    expect(await link(number)).toEqual({ status: 'changed' });
    expect(await link(number)).toEqual({ status: 'unchanged' });
  });
});

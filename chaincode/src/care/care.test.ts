import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FunctionName } from '../access/rules.ts';
import { readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOSPITAL,
  HOUR_MS,
  INSURER,
  idOf,
  ledgerWith,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
  setTreating,
} from '../testing/story.ts';

const RELATION = {
  patientId: PATIENT_ID,
  practitionerId: PEOPLE.doctor.subjectId,
  mspId: HOSPITAL,
  fromMs: NOON_MS,
  untilMs: null,
  saltHex: SALT_HEX,
};
const CHANGED = { status: 'changed' };
const UNCHANGED = { status: 'unchanged' };

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
});

function submit(name: FunctionName, identity: Identity, input: object): Promise<unknown> {
  return ledger.submit(name, { identity, input, nowMs: NOON_MS });
}

function read(identity: Identity, nowMs = NOON_MS, patientId = PATIENT_ID): Promise<unknown> {
  return readOpened(ledger, 'care:ReadPatient', { identity, input: { patientId }, nowMs });
}

describe('registering a patient', () => {
  const basics = { family: 'Yundt', given: ['Fabian'], birthDate: '1990', gender: 'male' };
  const input = { patientId: idOf('Fabian Yundt'), basics, saltHex: SALT_HEX };

  it.each([PEOPLE.administrator, PEOPLE.clinicDoctor, PEOPLE.nurse])(
    'works once and may be repeated, by $role of $mspId',
    async (identity) => {
      expect(await submit('care:RegisterPatient', identity, input)).toEqual(CHANGED);
      const again = { ...input, saltHex: '11'.repeat(16) };
      expect(await submit('care:RegisterPatient', identity, again)).toEqual(UNCHANGED);
    },
  );

  it('refuses another person under the same id', async () => {
    await submit('care:RegisterPatient', PEOPLE.nurse, input);
    const other = { ...input, basics: { ...basics, family: 'Fay' } };
    await expect(submit('care:RegisterPatient', PEOPLE.nurse, other)).rejects.toThrow('conflict: ');
  });
});

describe('a treating relation', () => {
  it.each([PEOPLE.patient, PEOPLE.administrator])('is set by $role of $mspId', async (identity) => {
    expect(await submit('care:SetTreating', identity, RELATION)).toEqual(CHANGED);
    expect(await submit('care:SetTreating', identity, RELATION)).toEqual(UNCHANGED);
    expect(await read(PEOPLE.doctor)).toMatchObject({ patientId: PATIENT_ID });
  });

  const selfMade: Identity = { ...PEOPLE.administrator, subjectId: PEOPLE.doctor.subjectId };
  const setters: [string, Identity, object][] = [
    ['by another patient', PEOPLE.otherPatient, {}],
    ["by another organization's administrator", PEOPLE.clinicAdministrator, {}],
    ['by an administrator for another organization', PEOPLE.administrator, { mspId: CLINIC }],
    ['by the practitioner with an administrator certificate', selfMade, {}],
    [
      'by a patient who would be the own practitioner',
      PEOPLE.patient,
      { practitionerId: PATIENT_ID },
    ],
  ];
  it.each(setters)('is not set %s', async (_what, identity, change) => {
    const call = submit('care:SetTreating', identity, { ...RELATION, ...change });
    await expect(call).rejects.toThrow('access_denied: ');
    await expect(read(PEOPLE.doctor)).rejects.toThrow('access_denied: ');
  });

  const refused: [string, object, string][] = [
    ['with an insurer', { mspId: INSURER }, 'invalid_input'],
    ['that ends before it starts', { untilMs: NOON_MS }, 'invalid_input'],
    ['to nobody', { patientId: idOf('nobody') }, 'access_denied'],
  ];
  it.each(refused)('is not set %s', async (_what, change, code) => {
    const call = submit('care:SetTreating', PEOPLE.patient, { ...RELATION, ...change });
    await expect(call).rejects.toThrow(`${code}: `);
  });

  it('opens the record only from its start until its end', async () => {
    await submit('care:SetTreating', PEOPLE.patient, { ...RELATION, untilMs: NOON_MS + HOUR_MS });
    await expect(read(PEOPLE.doctor, NOON_MS - 1)).rejects.toThrow('access_denied: ');
    expect(await read(PEOPLE.doctor, NOON_MS)).toMatchObject({ patientId: PATIENT_ID });
    expect(await read(PEOPLE.doctor, NOON_MS + HOUR_MS - 1)).toBeDefined();
    await expect(read(PEOPLE.doctor, NOON_MS + HOUR_MS)).rejects.toThrow('access_denied: ');
  });

  it('is for the practitioner at that organization only, and for that patient only', async () => {
    await setTreating(ledger, PEOPLE.doctor);
    const elsewhere: Identity = { ...PEOPLE.doctor, mspId: CLINIC };
    await expect(read(elsewhere)).rejects.toThrow('access_denied: ');
    await expect(read(PEOPLE.nurse)).rejects.toThrow('access_denied: ');
    const agent: Identity = { ...PEOPLE.doctor, mspId: INSURER, role: 'insurance-agent' };
    await expect(read(agent)).rejects.toThrow('access_denied: ');
    await expect(read(PEOPLE.doctor, NOON_MS, OTHER_PATIENT_ID)).rejects.toThrow('access_denied: ');
    await expect(read(PEOPLE.doctor, NOON_MS, idOf('nobody'))).rejects.toThrow('access_denied: ');
  });

  it('ends when the patient or the administrator says so, and not later than it would have', async () => {
    await setTreating(ledger, PEOPLE.doctor);
    const { patientId, practitionerId } = RELATION;
    const end = { patientId, practitionerId, untilMs: NOON_MS + HOUR_MS };
    for (const identity of [PEOPLE.otherPatient, PEOPLE.clinicAdministrator]) {
      await expect(submit('care:EndTreating', identity, end)).rejects.toThrow('access_denied: ');
    }
    expect(await submit('care:EndTreating', PEOPLE.administrator, end)).toEqual(CHANGED);
    const later = { ...end, untilMs: NOON_MS + 2 * HOUR_MS };
    expect(await submit('care:EndTreating', PEOPLE.patient, later)).toEqual(UNCHANGED);
    expect(await read(PEOPLE.doctor)).toBeDefined();
    await expect(read(PEOPLE.doctor, NOON_MS + HOUR_MS)).rejects.toThrow('access_denied: ');
    const none = { ...end, practitionerId: PEOPLE.nurse.subjectId };
    await expect(submit('care:EndTreating', PEOPLE.patient, none)).rejects.toThrow('not_found: ');
  });
});

describe('reading patients', () => {
  it('shows the patient the own record and nobody else’s', async () => {
    expect(await read(PEOPLE.patient)).toMatchObject({
      patientId: PATIENT_ID,
      basics: { family: 'Mejía' },
      pseudonym: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await expect(read(PEOPLE.otherPatient)).rejects.toThrow('access_denied: ');
  });

  it('lists the patients a doctor treats now, page by page', async () => {
    await setTreating(ledger, PEOPLE.doctor);
    await submit('care:SetTreating', PEOPLE.otherPatient, {
      ...RELATION,
      patientId: OTHER_PATIENT_ID,
      untilMs: NOON_MS + HOUR_MS,
    });
    const pages = async (nowMs: number): Promise<unknown[]> => {
      const found: unknown[] = [];
      let bookmark: unknown;
      do {
        const input = { pageSize: 1, bookmark };
        const page = await ledger.evaluate('care:ListPatients', {
          identity: PEOPLE.doctor,
          input,
          nowMs,
        });
        const { patients, bookmark: next } = page as { patients: unknown[]; bookmark?: string };
        found.push(...patients);
        bookmark = next;
      } while (bookmark !== undefined);
      return found;
    };
    expect(await pages(NOON_MS)).toHaveLength(2);
    expect(await pages(NOON_MS + HOUR_MS)).toEqual([
      expect.objectContaining({ patientId: PATIENT_ID }),
    ]);
    const input = { pageSize: 10 };
    const none = await ledger.evaluate('care:ListPatients', {
      identity: PEOPLE.clinicDoctor,
      input,
      nowMs: NOON_MS,
    });
    expect(none).toEqual({ patients: [] });
  });
});

describe('who treats a patient', () => {
  const list = (identity: Identity): Promise<unknown> =>
    ledger.evaluate('care:ListTreating', {
      ...{ identity, input: { patientId: PATIENT_ID }, nowMs: NOON_MS },
    });
  const shown = Object.fromEntries(
    Object.entries(RELATION).filter(([name]) => name !== 'patientId' && name !== 'saltHex'),
  );

  it.each([PEOPLE.patient, PEOPLE.doctor])(
    'is shown to a $role of the patient',
    async (identity) => {
      await submit('care:SetTreating', PEOPLE.patient, RELATION);
      expect(await list(identity)).toEqual({ relations: [shown] });
    },
  );

  it('is shown with what has ended', async () => {
    await submit('care:SetTreating', PEOPLE.patient, { ...RELATION, fromMs: NOON_MS - HOUR_MS });
    const { practitionerId } = RELATION;
    const end = { patientId: PATIENT_ID, practitionerId, untilMs: NOON_MS };
    await submit('care:EndTreating', PEOPLE.patient, end);
    expect(await list(PEOPLE.patient)).toMatchObject({ relations: [{ untilMs: NOON_MS }] });
  });

  it.each([PEOPLE.nurse, PEOPLE.clinicDoctor])(
    'is nothing for a $role of $mspId who does not treat',
    async (identity) => {
      await expect(list(identity)).rejects.toThrow('access_denied: ');
    },
  );
});

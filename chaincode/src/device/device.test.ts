import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FunctionName } from '../access/rules.ts';
import { readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  assignWearable,
  HOUR_MS,
  idOf,
  ledgerWith,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  registerWearable,
  SALT_HEX,
  setTreating,
  Wearable,
} from '../testing/story.ts';

const CHANGED = { status: 'changed' };
const UNCHANGED = { status: 'unchanged' };
const watch = new Wearable('watch');
const { deviceId } = watch;

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  await registerWearable(ledger, watch);
});

function submit(name: FunctionName, input: object, identity: Identity = PEOPLE.administrator) {
  return ledger.submit(name, { identity, input, nowMs: NOON_MS });
}

function evaluate(name: FunctionName, identity: Identity, input: object): Promise<unknown> {
  return ledger.evaluate(name, { identity, input, nowMs: NOON_MS });
}

function opened(name: FunctionName, identity: Identity, input: object = {}): Promise<unknown> {
  const asked = { patientId: PATIENT_ID, ...input };
  return readOpened(ledger, name, { identity, input: asked, nowMs: NOON_MS });
}

describe('registering a device', () => {
  const registration = (publicKeySpkiBase64: string) => ({
    deviceId,
    publicKeySpkiBase64,
    manufacturer: 'Pulse',
    model: 'One',
    serial: deviceId.slice(0, 8),
    saltHex: '22'.repeat(16),
  });

  it('may be repeated by its custodian and changed by nobody', async () => {
    const same = registration(watch.publicKeySpkiBase64);
    expect(await submit('device:Register', same)).toEqual(UNCHANGED);
    const other = registration(new Wearable('other').publicKeySpkiBase64);
    await expect(submit('device:Register', other)).rejects.toThrow('conflict: ');
    const call = submit('device:Register', same, PEOPLE.clinicAdministrator);
    await expect(call).rejects.toThrow('conflict: ');
  });

  it('refuses a key of another curve, and what is no key', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const foreign = publicKey.export({ type: 'spki', format: 'der' });
    const offCurve = Buffer.from(watch.publicKeySpkiBase64, 'base64');
    offCurve[offCurve.length - 1] = (offCurve[offCurve.length - 1] ?? 0) ^ 1;
    for (const key of [foreign, offCurve, Buffer.alloc(91)]) {
      const call = submit('device:Register', registration(key.toString('base64')));
      await expect(call).rejects.toThrow('invalid_input: ');
    }
  });
});

describe('assigning a device', () => {
  it('never lets two people wear it at once', async () => {
    await assignWearable(ledger, watch, { fromMs: NOON_MS, untilMs: NOON_MS + HOUR_MS });
    const other = { patientId: OTHER_PATIENT_ID };
    const overlaps: [number, number | null][] = [
      [NOON_MS - 1, NOON_MS + 1],
      [NOON_MS + 1, NOON_MS + 2],
      [NOON_MS + HOUR_MS - 1, null],
      [0, null],
      [NOON_MS, NOON_MS + HOUR_MS],
    ];
    for (const [fromMs, untilMs] of overlaps) {
      const call = assignWearable(ledger, watch, { ...other, fromMs, untilMs });
      await expect(call).rejects.toThrow('conflict: ');
    }
    await assignWearable(ledger, watch, { ...other, fromMs: NOON_MS + HOUR_MS, untilMs: null });
    await assignWearable(ledger, watch, { ...other, fromMs: NOON_MS - HOUR_MS, untilMs: NOON_MS });
    expect(await evaluate('device:Read', PEOPLE.administrator, { deviceId })).toMatchObject({
      status: 'active',
      assignments: [
        { patientId: OTHER_PATIENT_ID, fromMs: NOON_MS - HOUR_MS, untilMs: NOON_MS },
        { patientId: PATIENT_ID, fromMs: NOON_MS, untilMs: NOON_MS + HOUR_MS },
        { patientId: OTHER_PATIENT_ID, fromMs: NOON_MS + HOUR_MS, untilMs: null },
      ],
    });
  });

  it('may be repeated, ended and ended again', async () => {
    const assignment = { deviceId, patientId: PATIENT_ID, fromMs: NOON_MS, untilMs: null };
    expect(await submit('device:Assign', assignment)).toEqual(CHANGED);
    expect(await submit('device:Assign', assignment)).toEqual(UNCHANGED);
    const end = { deviceId, patientId: PATIENT_ID, untilMs: NOON_MS + HOUR_MS };
    expect(await submit('device:EndAssignment', end)).toEqual(CHANGED);
    expect(await submit('device:EndAssignment', end)).toEqual(UNCHANGED);
    for (const wrong of [
      { ...end, untilMs: NOON_MS },
      { ...end, untilMs: NOON_MS + 2 * HOUR_MS },
      { ...end, patientId: OTHER_PATIENT_ID, untilMs: NOON_MS + 1 },
    ]) {
      await expect(submit('device:EndAssignment', wrong)).rejects.toThrow('not_found: ');
    }
  });

  const refused: [string, object, string][] = [
    ['an unknown device', { deviceId: idOf('none') }, 'not_found'],
    ['an unknown patient', { patientId: idOf('nobody') }, 'not_found'],
    ['no time', { untilMs: NOON_MS }, 'invalid_input'],
  ];
  it.each(refused)('refuses %s', async (_what, change, code) => {
    const assignment = { deviceId, patientId: PATIENT_ID, fromMs: NOON_MS, untilMs: null };
    const call = submit('device:Assign', { ...assignment, ...change });
    await expect(call).rejects.toThrow(`${code}: `);
  });
});

describe('a device', () => {
  it('obeys its custodian’s administrator only', async () => {
    const since = { deviceId, sinceMs: NOON_MS };
    const calls: [FunctionName, object][] = [
      ['device:Assign', { deviceId, patientId: PATIENT_ID, fromMs: 0, untilMs: null }],
      ['device:EndAssignment', { deviceId, patientId: PATIENT_ID, untilMs: NOON_MS }],
      ['device:ReportLost', since],
      ['device:Revoke', since],
    ];
    for (const [name, input] of calls) {
      const call = submit(name, input, PEOPLE.clinicAdministrator);
      await expect(call).rejects.toThrow('access_denied: ');
    }
  });

  it('can be reported lost earlier, not later', async () => {
    expect(await submit('device:ReportLost', { deviceId, sinceMs: NOON_MS })).toEqual(CHANGED);
    expect(await submit('device:ReportLost', { deviceId, sinceMs: NOON_MS + 1 })).toEqual(
      UNCHANGED,
    );
    expect(await submit('device:ReportLost', { deviceId, sinceMs: NOON_MS - 1 })).toEqual(CHANGED);
    const view = await evaluate('device:Read', PEOPLE.administrator, { deviceId });
    expect(view).toMatchObject({ status: 'lost', sinceMs: NOON_MS - 1 });
  });

  it('cannot be assigned once it is revoked, and says revoked before lost', async () => {
    await submit('device:ReportLost', { deviceId, sinceMs: NOON_MS });
    await submit('device:Revoke', { deviceId, sinceMs: NOON_MS });
    const call = assignWearable(ledger, watch, { fromMs: NOON_MS, untilMs: null });
    await expect(call).rejects.toThrow('conflict: ');
    const view = await evaluate('device:Read', PEOPLE.administrator, { deviceId });
    expect(view).toMatchObject({ status: 'revoked' });
  });

  it('is shown to those who may read its wearer, with the wearer’s own times only', async () => {
    await assignWearable(ledger, watch, { fromMs: NOON_MS, untilMs: NOON_MS + HOUR_MS });
    const later = { fromMs: NOON_MS + HOUR_MS, untilMs: null };
    await assignWearable(ledger, watch, { patientId: OTHER_PATIENT_ID, ...later });
    await setTreating(ledger, PEOPLE.doctor);
    const own = { deviceId, assignments: [{ patientId: PATIENT_ID, fromMs: NOON_MS }] };
    for (const identity of [PEOPLE.patient, PEOPLE.doctor]) {
      expect(await opened('device:Read', identity, { deviceId })).toMatchObject(own);
      const list = await opened('device:ListByPatient', identity);
      expect(list).toMatchObject({ devices: [own] });
      expect(JSON.stringify(list)).not.toContain(OTHER_PATIENT_ID);
    }
  });

  it('leads a reader to the charts of those who wore it', async () => {
    await assignWearable(ledger, watch, { fromMs: NOON_MS, untilMs: NOON_MS + HOUR_MS });
    await setTreating(ledger, PEOPLE.doctor);
    const found = { patientIds: [PATIENT_ID] };
    for (const identity of [PEOPLE.patient, PEOPLE.doctor]) {
      expect(await evaluate('device:Locate', identity, { deviceId })).toEqual(found);
      const then = { deviceId, atMs: NOON_MS };
      expect(await evaluate('device:Locate', identity, then)).toEqual(found);
      const after = { deviceId, atMs: NOON_MS + HOUR_MS };
      expect(await evaluate('device:Locate', identity, after)).toEqual({ patientIds: [] });
    }
  });

  it('does not exist for anybody else', async () => {
    await assignWearable(ledger, watch, { fromMs: NOON_MS, untilMs: null });
    for (const identity of [PEOPLE.otherPatient, PEOPLE.nurse, PEOPLE.clinicDoctor]) {
      for (const id of [deviceId, idOf('none')]) {
        const call = opened('device:Read', identity, { deviceId: id });
        await expect(call).rejects.toThrow('access_denied: ');
        const closed = evaluate('device:Read', identity, { deviceId: id });
        await expect(closed).rejects.toThrow('chart_closed: ');
        const nobody = { patientIds: [] };
        expect(await evaluate('device:Locate', identity, { deviceId: id })).toEqual(nobody);
      }
      const list = opened('device:ListByPatient', identity);
      await expect(list).rejects.toThrow('access_denied: ');
    }
    const call = evaluate('device:Read', PEOPLE.clinicAdministrator, { deviceId });
    await expect(call).rejects.toThrow('not_found: There is no such device.');
  });

  it('tells its custodian’s ingest service who wore it when', async () => {
    await assignWearable(ledger, watch, { fromMs: NOON_MS, untilMs: NOON_MS + HOUR_MS });
    const status = (identity: Identity, atMs: number) =>
      evaluate('device:Status', identity, { deviceId, atMs });
    const view = await opened('care:ReadPatient', PEOPLE.patient);
    const { pseudonym } = view as { pseudonym: string };
    expect(await status(PEOPLE.ingest, NOON_MS)).toEqual({
      status: 'active',
      patientId: PATIENT_ID,
      pseudonym,
    });
    expect(await status(PEOPLE.ingest, NOON_MS + HOUR_MS)).toMatchObject({ patientId: null });
    expect(await status(PEOPLE.clinicIngest, NOON_MS)).toEqual({
      status: 'unknown',
      patientId: null,
      pseudonym: null,
    });
  });

  it('keeps a salted secret of everything it stores', () => {
    const own = [...ledger.privateData].filter(([key]) => !key.startsWith('_implicit_org_'));
    for (const [key, { value }] of own) {
      expect(Buffer.from(value).toString()).toContain(SALT_HEX);
      expect(key.startsWith('\u0000')).toBe(true);
    }
    expect([...ledger.publicState.keys()].every((key) => key.includes('attester'))).toBe(true);
  });
});

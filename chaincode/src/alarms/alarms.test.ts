import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Action,
  type AlarmState,
  AlarmStatesOutput,
  compositeKey,
  DEFAULT_SETTINGS,
  evaluateArrival,
  NO_ALARMS,
  RECORD_KEYS,
  ReadAlarmsOutput,
  type Reading,
} from '@pulseledger/domain';
import type { FunctionName } from '../access/rules.ts';
import { attest, openChart, readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  assignWearable,
  HOUR_MS,
  idOf,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  record,
  SALT_HEX,
  setTreating,
  Wearable,
} from '../testing/story.ts';

const wearable = new Wearable('alarming');
const { deviceId } = wearable;
const NOW_MS = NOON_MS + MINUTE_MS;
const HIGH = `${deviceId}.59408-5.low.high.${NOON_MS + 30_000}`;
let ledger: LedgerDouble;

beforeEach(async () => {
  ledger = await ledgerWith(wearable);
  await setTreating(ledger, PEOPLE.doctor);
  await setTreating(ledger, PEOPLE.nurse);
});

/** Too low for long enough. */
function alarmedState(from: AlarmState = NO_ALARMS): AlarmState {
  const readings = Array.from({ length: 40 }, (_, i): Reading => {
    return { code: '59408-5', unit: '%', atMs: NOON_MS + i * 1_000, value: 85 };
  });
  const endMs = NOON_MS + 39_000;
  const arrival = { deviceId, readings, endMs, receivedAtMs: endMs };
  return evaluateArrival(from, arrival, DEFAULT_SETTINGS, endMs).state;
}

function recording(change: object = {}) {
  const devices = [{ deviceId, atMs: NOON_MS + 39_000 }];
  const state = alarmedState();
  return { patientId: PATIENT_ID, devices, baseRevision: 0, state, saltHex: SALT_HEX, ...change };
}

function submit(identity: Identity, ...patients: readonly object[]) {
  return ledger.submit('vitals:RecordAlarms', { identity, input: { patients }, nowMs: NOW_MS });
}

async function states(identity: Identity = PEOPLE.ingest) {
  const input = { devices: [{ deviceId, atMs: NOW_MS }] };
  const call = { identity, input, nowMs: NOW_MS };
  return AlarmStatesOutput.parse(await ledger.evaluate('vitals:AlarmStates', call));
}

async function read(nowMs = NOW_MS, identity: Identity = PEOPLE.patient) {
  const call = { identity, input: { patientId: PATIENT_ID }, nowMs };
  return ReadAlarmsOutput.parse(await readOpened(ledger, 'vitals:ReadAlarms', call));
}

/** Endorse a practitioner's call with the providers' word on these actions; it is committed. */
async function asPractitioner(
  identity: Identity,
  name: FunctionName,
  input: object,
  options: { actions?: readonly Action[]; nowMs?: number } = {},
) {
  const { actions = ['amend'], nowMs = NOW_MS } = options;
  const wants = actions.map((action) => ({ action, recordClass: 'vitals' as const }));
  const attestation = await attest(ledger, identity, { patientId: PATIENT_ID, wants }, nowMs);
  const endorsement = await ledger.endorse(name, { identity, input, attestation, nowMs });
  expect(ledger.commit(endorsement)).toBe('VALID');
  return endorsement;
}

function deed(change: object = {}) {
  const entryId = idOf(JSON.stringify(change));
  return {
    patientId: PATIENT_ID,
    entryId,
    alarmId: HIGH,
    untilMs: null,
    saltHex: SALT_HEX,
    ...change,
  };
}

function limits(change: object = {}) {
  const settings = { ...DEFAULT_SETTINGS, limits: { '59408-5': [] } };
  const entryId = idOf(JSON.stringify(change));
  return { patientId: PATIENT_ID, entryId, settings, scale2: null, saltHex: SALT_HEX, ...change };
}

describe('alarms of a patient', () => {
  it('are what ingest recorded, and its next evaluation starts from them', async () => {
    expect(await states()).toMatchObject({
      wearers: [{ deviceId, patientId: PATIENT_ID }],
      patients: [{ revision: 0, state: NO_ALARMS, settings: DEFAULT_SETTINGS }],
    });
    expect(await submit(PEOPLE.ingest, recording())).toEqual({ results: ['recorded'] });
    expect((await states()).patients).toMatchObject([{ revision: 1, state: alarmedState() }]);
    expect((await read()).open.map(({ rule }) => rule)).toEqual([
      '59408-5.low.high',
      '59408-5.low.medium',
    ]);
  });

  it('are not overwritten by who evaluated an older state', async () => {
    await submit(PEOPLE.ingest, recording());
    expect(await submit(PEOPLE.ingest, recording({ state: NO_ALARMS }))).toEqual({
      results: ['stale'],
    });
    expect((await states()).patients).toMatchObject([{ revision: 1, state: alarmedState() }]);
    const next = recording({ baseRevision: 1 });
    expect(await submit(PEOPLE.ingest, next)).toEqual({ results: ['recorded'] });
  });

  it('are of who wore the device then, at its custodian, and go in one transaction', async () => {
    const wrong = recording({ patientId: OTHER_PATIENT_ID });
    const results = ['refused', 'recorded'];
    expect(await submit(PEOPLE.ingest, wrong, recording())).toEqual({ results });
    const before = recording({ devices: [{ deviceId, atMs: NOON_MS - 1 }], baseRevision: 1 });
    expect(await submit(PEOPLE.ingest, before)).toEqual({ results: ['refused'] });
    const other = recording({ baseRevision: 1 });
    expect(await submit(PEOPLE.clinicIngest, other)).toEqual({ results: ['refused'] });
    const twice = submit(PEOPLE.ingest, recording(), recording());
    await expect(twice).rejects.toThrow('A patient is named twice.');
  });

  it('tell another custodian’s ingest nothing', async () => {
    expect(await states(PEOPLE.clinicIngest)).toEqual({
      wearers: [{ deviceId, patientId: null, pseudonym: null }],
      patients: [],
    });
  });

  it('conflict when two services record them at the same moment', async () => {
    const input = { patients: [recording()] };
    const call = { identity: PEOPLE.ingest, input, nowMs: NOW_MS };
    const one = await ledger.endorse('vitals:RecordAlarms', call);
    const other = await ledger.endorse('vitals:RecordAlarms', call);
    expect([ledger.commit(one), ledger.commit(other)]).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
  });

  it('say when a worn device is silent, without anybody having recorded it', async () => {
    await record(ledger, [wearable.chunk({ startMs: NOON_MS })], NOW_MS);
    const [silent] = (await read(NOON_MS + HOUR_MS)).open;
    expect(silent).toMatchObject({ kind: 'technical', rule: 'device.no-data.medium' });
    expect((await read()).open).toEqual([]);
    const alarmId = silent?.alarmId ?? '';
    const at = { nowMs: NOON_MS + HOUR_MS };
    await asPractitioner(PEOPLE.nurse, 'vitals:Acknowledge', deed({ alarmId }), at);
    const [known] = (await read(NOON_MS + HOUR_MS)).open;
    expect(known).toMatchObject({ acknowledgement: { by: PEOPLE.nurse.subjectId }, escalation: 0 });
  });

  it('are read with an open chart only', async () => {
    const input = { patientId: PATIENT_ID, permitId: idOf('no permit') };
    const call = { identity: PEOPLE.doctor, input, nowMs: NOW_MS };
    await expect(ledger.evaluate('vitals:ReadAlarms', call)).rejects.toThrow('chart_closed');
    const about = { patientId: PATIENT_ID, classes: ['basics' as const] };
    const permitId = await openChart(ledger, PEOPLE.doctor, about, NOW_MS);
    const other = { ...call, input: { patientId: PATIENT_ID, permitId } };
    await expect(ledger.evaluate('vitals:ReadAlarms', other)).rejects.toThrow('access_denied');
  });
});

describe('a practitioner at the alarms', () => {
  beforeEach(async () => {
    await submit(PEOPLE.ingest, recording());
  });

  it('acknowledges one, and it says who and when', async () => {
    await asPractitioner(PEOPLE.nurse, 'vitals:Acknowledge', deed());
    const [alarm, other] = (await read()).open;
    const { subjectId: by, mspId } = PEOPLE.nurse;
    expect(alarm?.acknowledgement).toEqual({ by, mspId, atMs: NOW_MS });
    expect(other?.acknowledgement).toBeNull();
    // Ingest's next evaluation knows of it too.
    const [patient] = (await states()).patients;
    expect(JSON.stringify(patient?.state)).toContain(by);
  });

  it('snoozes one until a time', async () => {
    const untilMs = NOW_MS + MINUTE_MS;
    await asPractitioner(PEOPLE.doctor, 'vitals:Acknowledge', deed({ untilMs }));
    expect((await read(untilMs - 1)).open[0]).toMatchObject({ isSnoozed: true });
    expect((await read(untilMs)).open[0]).toMatchObject({ isSnoozed: false });
  });

  it('touches no key that tells whose alarms these are', async () => {
    const { stub } = await asPractitioner(PEOPLE.nurse, 'vitals:Acknowledge', deed());
    expect([...stub.reads.keys()]).toEqual([]);
    expect(stub.privateWrites.size).toBe(1);
    const [key = ''] = stub.privateWrites.keys();
    expect(key).not.toBe(compositeKey(RECORD_KEYS.patient(PATIENT_ID)));
    const again = await asPractitioner(PEOPLE.nurse, 'vitals:Acknowledge', deed({ untilMs: 1 }));
    expect([...again.stub.privateWrites.keys()]).not.toContain(key);
  });

  it('sets limits that ingest then evaluates by; the former ones stay', async () => {
    await asPractitioner(PEOPLE.nurse, 'vitals:SetLimits', limits());
    const later = limits({ settings: { ...DEFAULT_SETTINGS, noDataAfterMs: null } });
    await asPractitioner(PEOPLE.doctor, 'vitals:SetLimits', later, { nowMs: NOW_MS + 1 });
    const { settings } = (await states()).patients[0]!;
    expect(settings).toEqual({ ...DEFAULT_SETTINGS, noDataAfterMs: null });
    const kept = [...ledger.privateData.keys()].filter((key) => key.includes('watch-settings'));
    expect(kept).toHaveLength(2);
  });

  it('sets the second scale only with the right to prescribe, and a nurse’s limits leave it', async () => {
    const order = limits({ scale2: true });
    const denied = asPractitioner(PEOPLE.nurse, 'vitals:SetLimits', order, {
      actions: ['amend', 'prescribe'],
    });
    await expect(denied).rejects.toThrow('access_denied');
    const unasked = asPractitioner(PEOPLE.doctor, 'vitals:SetLimits', order);
    await expect(unasked).rejects.toThrow('access_denied');
    expect((await read()).scale2).toBeNull();
    const actions: Action[] = ['amend', 'prescribe'];
    await asPractitioner(PEOPLE.doctor, 'vitals:SetLimits', order, { actions });
    const later = { nowMs: NOW_MS + 1 };
    await asPractitioner(PEOPLE.nurse, 'vitals:SetLimits', limits({ scale2: null }), later);
    const expected = { prescriberId: PEOPLE.doctor.subjectId, fromMs: NOW_MS };
    expect((await read(NOW_MS + 2)).scale2).toEqual(expected);
  });

  it('who does not treat the patient does nothing', async () => {
    const call = asPractitioner(PEOPLE.clinicDoctor, 'vitals:Acknowledge', deed());
    await expect(call).rejects.toThrow('access_denied');
    const nowMs = NOW_MS;
    const identity = PEOPLE.nurse;
    const bare = ledger.submit('vitals:Acknowledge', { identity, input: deed(), nowMs });
    await expect(bare).rejects.toThrow('bad_attestation');
    const about = {
      patientId: OTHER_PATIENT_ID,
      wants: [{ action: 'amend', recordClass: 'vitals' }],
    };
    const attestation = await attest(ledger, identity, about as never, nowMs);
    const other = ledger.submit('vitals:Acknowledge', {
      identity,
      input: deed(),
      attestation,
      nowMs,
    });
    await expect(other).rejects.toThrow('bad_attestation');
  });

  it('cannot be imitated with the word of one organization alone', async () => {
    const wants = [{ action: 'amend' as const, recordClass: 'vitals' as const }];
    const about = { patientId: PATIENT_ID, wants };
    const { claims, signatures } = await attest(ledger, PEOPLE.nurse, about, NOW_MS);
    const forged = createHash('sha512').update('clinic').digest('base64');
    const attestation = { claims, signatures: { ...signatures, ClinicMSP: forged } };
    const call = { identity: PEOPLE.nurse, input: deed(), attestation, nowMs: NOW_MS };
    await expect(ledger.submit('vitals:Acknowledge', call)).rejects.toThrow('bad_attestation');
  });
});

describe('a device that moves on', () => {
  it('leaves only what nobody acknowledged', async () => {
    const readings = Array.from({ length: 62 }, (_, i): Reading => {
      return { code: '59408-5', unit: '%', atMs: NOON_MS + 40_000 + i * 1_000, absent: 'error' };
    });
    const endMs = NOON_MS + 101_000;
    const arrival = { deviceId, readings, endMs, receivedAtMs: endMs };
    const { state } = evaluateArrival(alarmedState(), arrival, DEFAULT_SETTINGS, endMs);
    await submit(PEOPLE.ingest, recording({ state }));
    await asPractitioner(PEOPLE.nurse, 'vitals:Acknowledge', deed());
    const nowMs = NOON_MS + HOUR_MS;
    const rules = async () => (await read(nowMs)).open.map(({ rule }) => rule);
    const [high, medium] = ['59408-5.low.high', '59408-5.low.medium'];
    expect(await rules()).toEqual([high, medium, '59408-5.sensor-off.medium']);
    const end = { deviceId, patientId: PATIENT_ID, untilMs: NOON_MS + MINUTE_MS };
    const identity = PEOPLE.administrator;
    await ledger.submit('device:EndAssignment', { identity, input: end, nowMs: NOW_MS });
    expect(await rules()).toEqual([medium]);
  });

  it('brings its next patient’s alarms to the next patient', async () => {
    const end = { deviceId, patientId: PATIENT_ID, untilMs: NOON_MS + HOUR_MS };
    const identity = PEOPLE.administrator;
    await ledger.submit('device:EndAssignment', { identity, input: end, nowMs: NOW_MS });
    const next = { patientId: OTHER_PATIENT_ID, fromMs: NOON_MS + HOUR_MS, untilMs: null };
    await assignWearable(ledger, wearable, next);
    const devices = [{ deviceId, atMs: NOON_MS + HOUR_MS }];
    const old = recording({ devices });
    const right = recording({ devices, patientId: OTHER_PATIENT_ID });
    expect(await submit(PEOPLE.ingest, old, right)).toEqual({ results: ['refused', 'recorded'] });
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Attachment,
  CLINICAL_KEYS,
  compositeKey,
  DEFAULT_SETTINGS,
  ErasableKey,
  type Erasure,
  ListAccessOutput,
  ListErasableOutput,
  RECORD_KEYS,
  ReadErasuresOutput,
  type RecordWrite,
  type Want,
} from '@pulseledger/domain';
import { attest, openChart } from '../testing/attesting.ts';
import { DAY_MS, firstPasskey, grant, setRelyingParty, termsWith } from '../testing/consents.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  HOUR_MS,
  ledgerWith,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  record,
  SALT_HEX,
  setTreating,
  Wearable,
} from '../testing/story.ts';
import { newId, writeOf, writeRecords } from '../testing/writing.ts';

const SUBJECT = { reference: `Patient/${PATIENT_ID}` };
const CONDITION = { resourceType: 'Condition', subject: SUBJECT };
const RETAINED_UNTIL_MS = NOON_MS + 3_000 * DAY_MS;
const LATER_MS = NOON_MS + HOUR_MS;

let ledger: LedgerDouble;
let requestId: string;
const wearable = new Wearable('Watch');
beforeEach(async () => {
  ledger = await ledgerWith(wearable);
  requestId = newId();
  await setTreating(ledger, PEOPLE.doctor);
  await record(ledger, [wearable.chunk({ startMs: NOON_MS })]);
});

async function submit(
  name: 'record:RequestErasure' | 'record:AnswerErasure',
  identity: Identity,
  input: object,
  recordClass: Want['recordClass'],
  nowMs = NOON_MS,
): Promise<unknown> {
  const wants = [{ action: 'erase' as const, recordClass }];
  const attestation = await attest(ledger, identity, { patientId: PATIENT_ID, wants }, nowMs);
  const whole = { patientId: PATIENT_ID, requestId, saltHex: SALT_HEX, ...input };
  return ledger.submit(name, { identity, input: whole, attestation, nowMs });
}

function request(
  scope: 'wearable' | 'clinical',
  identity: Identity = PEOPLE.patient,
): Promise<unknown> {
  const recordClass = scope === 'wearable' ? 'vitals' : 'basics';
  return submit('record:RequestErasure', identity, { scope }, recordClass, LATER_MS);
}

function answer(identity: Identity, refusal: string | null = null): Promise<unknown> {
  const input = { refusal, retainUntilMs: RETAINED_UNTIL_MS };
  return submit('record:AnswerErasure', identity, input, 'basics', LATER_MS);
}

/** A record that the patient wants corrected, which is refused. */
async function correct(write: RecordWrite): Promise<void> {
  await writeRecords(ledger, PEOPLE.doctor, [write]);
  const { recordClass, recordId } = write;
  const named = { patientId: PATIENT_ID, recordClass, recordId, correctionId: newId() };
  const call = async (identity: Identity, action: Want['action']) => {
    const about = { patientId: PATIENT_ID, wants: [{ action, recordClass }], corrects: recordId };
    const attestation = await attest(ledger, identity, about, NOON_MS);
    return { identity, attestation, nowMs: NOON_MS };
  };
  const asked = { ...named, version: 1, text: 'It was the other arm.', saltHex: SALT_HEX };
  const asking = await call(PEOPLE.patient, 'correct');
  await ledger.submit('record:RequestCorrection', { ...asking, input: asked });
  const refused = { ...named, correctedIn: null, refusal: 'It was this one.', saltHex: SALT_HEX };
  const input = { ...refused, entryId: newId() };
  const answering = await call(PEOPLE.doctor, 'amend');
  await ledger.submit('record:AnswerCorrection', { ...answering, input });
}

async function objectsOf(identity: Identity, nowMs: number): Promise<readonly string[]> {
  const input = { patientId: PATIENT_ID, requestId };
  const answered = await ledger.evaluate('record:ListErasable', { identity, input, nowMs });
  return ListErasableOutput.parse(answered).objectIds;
}

async function listErasable(identity: Identity, nowMs: number): Promise<ErasableKey[]> {
  const input = { patientId: PATIENT_ID, requestId };
  const answered = await ledger.evaluate('record:ListErasable', { identity, input, nowMs });
  return [...ListErasableOutput.parse(answered).keys];
}

function erase(identity: Identity, keys: readonly ErasableKey[], nowMs: number): Promise<unknown> {
  const input = { patientId: PATIENT_ID, requestId, keys, saltHex: SALT_HEX };
  return ledger.submit('record:Erase', { identity, input, nowMs });
}

/** In steps until nothing is left, as a client does. */
async function eraseAll(identity: Identity, nowMs: number): Promise<void> {
  for (;;) {
    const keys = await listErasable(identity, nowMs);
    await erase(identity, keys, nowMs);
    if (keys.length === 0) return;
  }
}

async function receipts(identity: Identity): Promise<readonly Erasure[]> {
  const input = { patientId: PATIENT_ID };
  const call = { identity, input, nowMs: LATER_MS };
  return ReadErasuresOutput.parse(await ledger.evaluate('record:ReadErasures', call)).erasures;
}

function keysAbout(patientId: string): string[] {
  return [...ledger.privateData.keys()].filter((key) => key.includes(patientId));
}

function typesOf(keys: readonly string[]): string[] {
  return [...new Set(keys.map((key) => key.split('\u0000')[1] ?? ''))].sort();
}

describe('erasing wearable data', () => {
  it('takes alarms along, and what was done about them; the orders stay', async () => {
    const { deviceId } = wearable;
    const state = { devices: [], closed: [], historical: [] };
    const devices = [{ deviceId, atMs: NOON_MS }];
    const one = { patientId: PATIENT_ID, devices, baseRevision: 0, state, saltHex: SALT_HEX };
    const call = { identity: PEOPLE.ingest, input: { patients: [one] }, nowMs: NOON_MS };
    await ledger.submit('vitals:RecordAlarms', call);
    const wants = [{ action: 'amend' as const, recordClass: 'vitals' as const }];
    const identity = PEOPLE.doctor;
    const about = { patientId: PATIENT_ID, wants };
    const attestation = await attest(ledger, identity, about, NOON_MS);
    const entry = { patientId: PATIENT_ID, entryId: newId(), saltHex: SALT_HEX };
    const deed = { ...entry, alarmId: `${deviceId}.8867-4.low.high.0`, untilMs: null };
    const order = { ...entry, settings: DEFAULT_SETTINGS, scale2: null };
    const common = { identity, attestation, nowMs: NOON_MS };
    await ledger.submit('vitals:Acknowledge', { ...common, input: deed });
    await ledger.submit('vitals:SetLimits', { ...common, input: order });
    const made = ['alarms', 'watch-deed', 'watch-settings'];
    expect(typesOf(keysAbout(PATIENT_ID))).toEqual(expect.arrayContaining(made));
    await request('wearable');
    await eraseAll(PEOPLE.patient, LATER_MS);
    const after = typesOf(keysAbout(PATIENT_ID));
    expect(made.filter((type) => after.includes(type))).toEqual(['watch-settings']);
  });

  it('happens at once, by the patient, and leaves the clinical record', async () => {
    await writeRecords(ledger, PEOPLE.doctor, [
      writeOf({ recordClass: 'condition', resource: CONDITION }),
    ]);
    const before = typesOf(keysAbout(PATIENT_ID));
    expect(before).toContain('chunk');
    await request('wearable');
    await eraseAll(PEOPLE.patient, LATER_MS);
    const after = typesOf(keysAbout(PATIENT_ID));
    expect(after).not.toContain('chunk');
    expect(after).toContain('record');
    const permitId = await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, LATER_MS);
    for (const name of ['vitals:ReadChunks', 'vitals:ReadMinutes', 'vitals:ReadHours'] as const) {
      const period = { fromMs: NOON_MS, toMs: LATER_MS, pageSize: 10 };
      const input = { patientId: PATIENT_ID, permitId, ...period };
      const call = { identity: PEOPLE.doctor, nowMs: LATER_MS };
      await expect(ledger.evaluate(name, { ...call, input })).rejects.toThrow('gone: ');
      const longer = { ...input, toMs: LATER_MS + HOUR_MS };
      expect(await ledger.evaluate(name, { ...call, input: longer })).toBeDefined();
    }
    expect(await receipts(PEOPLE.patient)).toMatchObject([
      { state: 'destroyed', scope: 'wearable', purgedKeys: 3, destroyedAtMs: LATER_MS },
    ]);
  });

  it('does not reach the clinical record, whatever keys are listed', async () => {
    await request('wearable');
    const patient = { collection: 'providers' as const, ...RECORD_KEYS.patient(PATIENT_ID) };
    await expect(erase(PEOPLE.patient, [patient], LATER_MS)).rejects.toThrow('access_denied: ');
  });

  it('leaves what is measured after the request', async () => {
    await request('wearable');
    const wearable = new Wearable('Watch');
    const tomorrow = NOON_MS + DAY_MS;
    const chunk = wearable.chunk({ startMs: tomorrow, firstSequence: 100 });
    const other = new Wearable('Watch');
    expect(other.deviceId).toBe(wearable.deviceId);
    const accepted = await record(ledger, [chunk], tomorrow + HOUR_MS);
    const keys = await listErasable(PEOPLE.patient, tomorrow + HOUR_MS);
    expect(keys.filter(({ objectType }) => objectType === 'chunk')).toHaveLength(1);
    expect(accepted).toHaveLength(1);
  });
});

describe('erasing the clinical record', () => {
  const basics = {
    resourceType: 'Patient',
    name: [{ family: 'Mejía', given: ['Gustavo'] }],
    birthDate: '1980-02-29',
  };
  const key = { name: 'patient-identifier' as const, valueHash: 'ef'.repeat(32) };

  beforeEach(async () => {
    const secret = { secretHex: 'e1'.repeat(32), saltHex: SALT_HEX };
    const set = { identity: PEOPLE.administrator, input: secret, nowMs: NOON_MS };
    await ledger.submit('record:SetIndexSecret', set);
    const patient = writeOf({
      recordClass: 'basics',
      recordId: PATIENT_ID,
      resource: basics,
      uniqueKey: 'aa'.repeat(32),
      indexKeys: [key],
    });
    const wants = [{ action: 'amend' as const, recordClass: 'basics' as const }];
    await writeRecords(ledger, PEOPLE.doctor, [patient], { wants });
    const condition = writeOf({ recordClass: 'condition', resource: CONDITION });
    const orderFor = { mspId: 'HospitalMSP', untilMs: NOON_MS + DAY_MS };
    const order = writeOf({
      recordClass: 'order',
      resource: { resourceType: 'ServiceRequest' },
      orderFor,
    });
    const unique = writeOf({
      recordClass: 'allergy',
      resource: { resourceType: 'AllergyIntolerance' },
      uniqueKey: 'bb'.repeat(32),
    });
    await writeRecords(ledger, PEOPLE.doctor, [condition, order, unique]);
    await writeRecords(ledger, PEOPLE.doctor, [{ ...condition, ifVersion: 1 }]);
  });

  async function granted(): Promise<void> {
    await request('clinical');
    await answer(PEOPLE.administrator);
  }

  it('needs the custodian’s answer and the end of retention', async () => {
    await request('clinical');
    await expect(erase(PEOPLE.administrator, [], RETAINED_UNTIL_MS)).rejects.toThrow('kept still');
    await expect(answer(PEOPLE.clinicAdministrator)).rejects.toThrow('access_denied: ');
    await answer(PEOPLE.administrator);
    await expect(answer(PEOPLE.administrator)).rejects.toThrow('decided already');
    await expect(erase(PEOPLE.administrator, [], RETAINED_UNTIL_MS - 1)).rejects.toThrow(
      'kept still',
    );
    await erase(PEOPLE.administrator, [], RETAINED_UNTIL_MS);
  });

  it('is refused when the custodian must keep the record', async () => {
    await request('clinical');
    await answer(PEOPLE.administrator, 'legal-obligation');
    await expect(answer(PEOPLE.administrator)).rejects.toThrow('decided already');
    await expect(erase(PEOPLE.administrator, [], RETAINED_UNTIL_MS)).rejects.toThrow('kept still');
    expect(await receipts(PEOPLE.patient)).toMatchObject([{ state: 'refused' }]);
  });

  it('is asked for by the patient alone and answered by administrators alone', async () => {
    for (const identity of [PEOPLE.doctor, PEOPLE.administrator, PEOPLE.otherPatient]) {
      await expect(request('clinical', identity)).rejects.toThrow('access_denied: ');
    }
    await request('clinical');
    for (const identity of [PEOPLE.patient, PEOPLE.doctor]) {
      await expect(answer(identity)).rejects.toThrow('access_denied: ');
    }
    await expect(listErasable(PEOPLE.patient, LATER_MS)).rejects.toThrow('access_denied: ');
  });

  it('restricts the record until then: only the patient reads it, nobody writes', async () => {
    await granted();
    const write = writeOf({ recordClass: 'condition', resource: CONDITION });
    await expect(writeRecords(ledger, PEOPLE.doctor, [write], { nowMs: LATER_MS })).rejects.toThrow(
      'access_denied: ',
    );
    const read = async (identity: Identity): Promise<unknown> => {
      const permitId = await openChart(ledger, identity, { patientId: PATIENT_ID }, LATER_MS);
      const input = { patientId: PATIENT_ID, permitId, pageSize: 10 };
      return ledger.evaluate('record:Read', { identity, input, nowMs: LATER_MS });
    };
    expect(await read(PEOPLE.doctor)).toEqual({ records: [] });
    expect(await read(PEOPLE.patient)).toMatchObject({ records: [{}, {}, {}, {}] });
  });

  it('leaves the log of accesses and the receipt, and nothing else', async () => {
    await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, NOON_MS);
    await correct(writeOf({ recordClass: 'condition', resource: CONDITION }));
    const correcting = expect.arrayContaining(['correction', 'correction-answer']);
    expect(typesOf(keysAbout(PATIENT_ID))).toEqual(correcting);
    await granted();
    const others = keysAbout(OTHER_PATIENT_ID);
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    expect(typesOf(keysAbout(PATIENT_ID))).toEqual(['access', 'erasure']);
    const left = [...ledger.privateData].filter(([place]) => place.includes('erased'));
    expect(left.length).toBeGreaterThan(0);
    for (const [, { value }] of left) {
      expect(JSON.parse(Buffer.from(value).toString())).toEqual({ saltHex: SALT_HEX });
    }
    expect(keysAbout(OTHER_PATIENT_ID)).toEqual(others);
    const values = [...ledger.privateData.values()].map(({ value }) =>
      Buffer.from(value).toString(),
    );
    expect(values.join()).not.toContain('Gustavo');
    const [receipt] = await receipts(PEOPLE.patient);
    expect(receipt).toMatchObject({ state: 'destroyed', destroyedAtMs: RETAINED_UNTIL_MS });
    expect(receipt?.purgedKeys).toBeGreaterThan(10);
    expect(receipt?.digestHex).not.toBe('0'.repeat(64));
  });

  it('makes every later read and write say so', async () => {
    const permitId = await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, NOON_MS);
    await granted();
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    for (const identity of [PEOPLE.doctor, PEOPLE.patient]) {
      const input = { patientId: PATIENT_ID, permitId, pageSize: 10 };
      const call = ledger.evaluate('record:Read', { identity, input, nowMs: RETAINED_UNTIL_MS });
      await expect(call).rejects.toThrow('gone: ');
    }
    const write = writeOf({ recordClass: 'condition', resource: CONDITION });
    const writing = writeRecords(ledger, PEOPLE.doctor, [write], { nowMs: RETAINED_UNTIL_MS });
    await expect(writing).rejects.toThrow('gone: ');
  });

  it('is told to whoever knows a record’s id, but not of psychotherapy notes', async () => {
    const write = writeOf({ recordClass: 'condition', resource: CONDITION });
    await writeRecords(ledger, PEOPLE.doctor, [write]);
    const locate = (recordId: string, identity: Identity): Promise<unknown> =>
      ledger.evaluate('record:Locate', {
        ...{ identity, input: { recordId }, nowMs: RETAINED_UNTIL_MS },
      });
    const noteId = newId();
    const note = { patientId: PATIENT_ID, recordClass: 'psychotherapy-note', recordId: noteId };
    const bytes = Buffer.from(JSON.stringify({ ...note, saltHex: SALT_HEX }));
    const located = CLINICAL_KEYS.located(noteId);
    ledger.privateData.set(compositeKey(located), { value: bytes, version: 1 });
    await granted();
    await erase(PEOPLE.administrator, [{ collection: 'providers', ...located }], RETAINED_UNTIL_MS);
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    for (const identity of [PEOPLE.doctor, PEOPLE.clinicDoctor, PEOPLE.patient]) {
      await expect(locate(write.recordId, identity)).rejects.toThrow('gone: ');
      await expect(locate(noteId, identity)).rejects.toThrow('not_found: ');
      await expect(locate(newId(), identity)).rejects.toThrow('not_found: ');
    }
  });

  it('names the documents off the ledger, those of earlier versions as well', async () => {
    const attachment = (): Attachment => ({
      ...{ objectId: newId(), digestHex: 'ab'.repeat(32), keyHex: 'cd'.repeat(32) },
      ...{ sizeBytes: 1, contentType: 'text/plain' },
    });
    const [first, second] = [attachment(), attachment()];
    const resource = { resourceType: 'DocumentReference' };
    const document = writeOf({ recordClass: 'document', resource, attachments: [first] });
    await writeRecords(ledger, PEOPLE.doctor, [document]);
    const amended = { ...document, ifVersion: 1, attachments: [second] };
    await writeRecords(ledger, PEOPLE.doctor, [amended]);
    await granted();
    const names = await objectsOf(PEOPLE.administrator, RETAINED_UNTIL_MS);
    expect([...names].sort()).toEqual([first.objectId, second.objectId].sort());
  });

  it('takes the insurer’s copies along', async () => {
    await setRelyingParty(ledger);
    const device = await firstPasskey(ledger, PEOPLE.patient);
    await grant(ledger, PEOPLE.patient, device, termsWith());
    const copies = (): string[] =>
      [...ledger.privateData.keys()].filter((place) => place.startsWith('extract/'));
    expect(copies().length).toBeGreaterThan(1);
    await granted();
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    expect(copies()).toEqual([]);
  });

  it('keeps in the log of accesses who of the insurer looked, though the consent is gone', async () => {
    await setRelyingParty(ledger);
    const device = await firstPasskey(ledger, PEOPLE.patient);
    const terms = termsWith();
    await grant(ledger, PEOPLE.patient, device, terms);
    const shareId = terms.share?.shareId ?? '';
    const permitId = await openChart(ledger, PEOPLE.agent, { shareId }, LATER_MS);
    await granted();
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    const input = { patientId: PATIENT_ID, fromMs: 0, toMs: RETAINED_UNTIL_MS, pageSize: 50 };
    const call = { identity: PEOPLE.patient, input, nowMs: RETAINED_UNTIL_MS };
    const { entries } = ListAccessOutput.parse(await ledger.evaluate('access:List', call));
    expect(entries.map((entry) => entry.permitId)).toContain(permitId);
  });

  it('reaches no other patient’s data, whatever keys are listed', async () => {
    await granted();
    const foreign: ErasableKey[] = [
      { collection: 'providers', ...RECORD_KEYS.patient(OTHER_PATIENT_ID) },
      { collection: 'providers', objectType: 'device', attributes: [newId()] },
      { collection: 'providers', objectType: 'located', attributes: [newId()] },
      { collection: 'providers', objectType: 'access', attributes: [PATIENT_ID, newId()] },
      { collection: 'providers', objectType: 'erasure', attributes: [PATIENT_ID] },
      { collection: 'providers', objectType: 'index-secret', attributes: [] },
      { collection: 'extract', objectType: 'share', attributes: [newId()], consentId: newId() },
    ];
    for (const one of foreign) {
      expect(ErasableKey.parse(one)).toEqual(one);
      const call = erase(PEOPLE.administrator, [one], RETAINED_UNTIL_MS);
      await expect(call).rejects.toThrow('A key does not belong to the request.');
    }
  });

  it('waits on the list of each custodian that has not answered yet, and of no other', async () => {
    const waiting = (identity: Identity): Promise<unknown> => {
      const input = { pageSize: 10, waiting: true };
      const call = { identity, input, nowMs: LATER_MS };
      return ledger.evaluate('record:ListErasures', call);
    };
    expect(await waiting(PEOPLE.administrator)).toEqual({ erasures: [] });
    await request('wearable');
    expect(await waiting(PEOPLE.administrator)).toEqual({ erasures: [] });
    requestId = newId();
    await request('clinical');
    const asked = [expect.objectContaining({ patientId: PATIENT_ID, requestId })];
    expect(await waiting(PEOPLE.administrator)).toEqual({ erasures: asked });
    expect(await waiting(PEOPLE.clinicAdministrator)).toEqual({ erasures: [] });
    await answer(PEOPLE.administrator);
    expect(await waiting(PEOPLE.administrator)).toEqual({ erasures: [] });
    await expect(waiting(PEOPLE.doctor)).rejects.toThrow('access_denied: ');
  });

  it('is replayed on a node that was restored from a backup', async () => {
    const backup = new Map(ledger.privateData);
    await granted();
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    const call = { identity: PEOPLE.clinicAdministrator, nowMs: RETAINED_UNTIL_MS };
    const list = await ledger.evaluate('record:ListErasures', { ...call, input: { pageSize: 10 } });
    expect(list).toEqual({
      erasures: [expect.objectContaining({ patientId: PATIENT_ID, requestId, state: 'destroyed' })],
    });
    const patient = compositeKey(RECORD_KEYS.patient(PATIENT_ID));
    for (const [place, value] of backup) {
      if (!ledger.privateData.has(place)) ledger.privateData.set(place, value);
    }
    expect(ledger.privateData.has(patient)).toBe(true);
    expect((await listErasable(PEOPLE.administrator, RETAINED_UNTIL_MS)).length).toBeGreaterThan(0);
    await eraseAll(PEOPLE.administrator, RETAINED_UNTIL_MS);
    expect(ledger.privateData.has(patient)).toBe(false);
    expect(await receipts(PEOPLE.patient)).toMatchObject([{ destroyedAtMs: RETAINED_UNTIL_MS }]);
  });
});

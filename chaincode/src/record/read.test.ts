import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  CLINICAL_KEYS,
  type ConsentTerms,
  compositeKey,
  type FhirResource,
  ListOrdersOutput,
  MAX_PAGE_BYTES,
  ReadRecordsOutput,
  type RecordWrite,
  type SealedNote,
} from '@pulseledger/domain';
import { openChart } from '../testing/attesting.ts';
import { firstPasskey, grant, setRelyingParty, termsWith } from '../testing/consents.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOSPITAL,
  HOUR_MS,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
  setTreating,
} from '../testing/story.ts';
import { newId, writeOf, writeRecords } from '../testing/writing.ts';

const SUBJECT = { reference: `Patient/${PATIENT_ID}` };
const CONDITION = { resourceType: 'Condition', subject: SUBJECT, code: { text: 'Asthma' } };

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setTreating(ledger, PEOPLE.doctor);
  await setTreating(ledger, PEOPLE.nurse);
  await setTreating(ledger, PEOPLE.clinicDoctor);
});

function condition(more: Partial<RecordWrite> = {}): RecordWrite {
  return writeOf({ recordClass: 'condition', resource: CONDITION, ...more });
}

async function page(
  identity: Identity,
  input: object = {},
  nowMs = NOON_MS,
): Promise<ReadRecordsOutput> {
  const permitId = await openChart(ledger, identity, { patientId: PATIENT_ID }, nowMs);
  const asked = { patientId: PATIENT_ID, permitId, pageSize: 100, ...input };
  return ReadRecordsOutput.parse(
    await ledger.evaluate('record:Read', { identity, input: asked, nowMs }),
  );
}

async function idsSeenBy(identity: Identity): Promise<string[]> {
  return (await page(identity)).records.map(({ recordId }) => recordId);
}

describe('reading the compartment', () => {
  it('needs an open chart of the caller’s own that has not ended', async () => {
    await writeRecords(ledger, PEOPLE.doctor, [condition()]);
    const permitId = await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, NOON_MS);
    const input = { patientId: PATIENT_ID, permitId, pageSize: 10 };
    const read = (identity: Identity, nowMs: number, more: object = {}): Promise<unknown> =>
      ledger.evaluate('record:Read', { identity, input: { ...input, ...more }, nowMs });
    expect(await read(PEOPLE.doctor, NOON_MS + 29 * MINUTE_MS)).toMatchObject({ records: [{}] });
    await expect(read(PEOPLE.doctor, NOON_MS + 30 * MINUTE_MS)).rejects.toThrow('chart_closed: ');
    await expect(read(PEOPLE.nurse, NOON_MS)).rejects.toThrow('chart_closed: ');
    await expect(read(PEOPLE.doctor, NOON_MS, { permitId: newId() })).rejects.toThrow(
      'chart_closed: ',
    );
  });

  it('ends with the relation, whatever the permit says', async () => {
    await writeRecords(ledger, PEOPLE.doctor, [condition()]);
    const permitId = await openChart(ledger, PEOPLE.doctor, { patientId: PATIENT_ID }, NOON_MS);
    const end = {
      patientId: PATIENT_ID,
      practitionerId: PEOPLE.doctor.subjectId,
      untilMs: NOON_MS + MINUTE_MS,
    };
    await ledger.submit('care:EndTreating', {
      identity: PEOPLE.patient,
      input: end,
      nowMs: NOON_MS,
    });
    const input = { patientId: PATIENT_ID, permitId, pageSize: 10 };
    const nowMs = NOON_MS + 2 * MINUTE_MS;
    const read = await ledger.evaluate('record:Read', { identity: PEOPLE.doctor, input, nowMs });
    expect(read).toEqual({ records: [] });
  });

  it('pages without losing or doubling anything, by number and by size', async () => {
    const large = { ...CONDITION, note: [{ text: 'x'.repeat(100_000) }] };
    const writes = [
      ...Array.from({ length: 14 }, () => condition()),
      writeOf({ recordClass: 'encounter', resource: { resourceType: 'Encounter' } }),
      writeOf({ recordClass: 'vitals', resource: vitalSign() }),
    ];
    await writeRecords(ledger, PEOPLE.doctor, writes);
    for (let at = 0; at < 12; at += 1) {
      await writeRecords(ledger, PEOPLE.doctor, [condition({ resource: large })]);
    }
    for (const pageSize of [3, 1_000]) {
      const ids: string[] = [];
      let bookmark: string | undefined;
      do {
        const found = await page(PEOPLE.doctor, { pageSize, bookmark });
        expect(JSON.stringify(found).length).toBeLessThan(MAX_PAGE_BYTES * 1.2);
        ids.push(...found.records.map(({ recordId }) => recordId));
        bookmark = found.bookmark;
      } while (bookmark !== undefined);
      expect(ids).toHaveLength(28);
      expect(new Set(ids).size).toBe(28);
    }
  });

  it('shows the classes that are asked for, and no class that was not opened', async () => {
    await writeRecords(ledger, PEOPLE.doctor, [
      condition(),
      writeOf({ recordClass: 'encounter', resource: { resourceType: 'Encounter' } }),
    ]);
    const asked = await page(PEOPLE.doctor, { recordClasses: ['encounter', 'allergy'] });
    expect(asked.records.map(({ recordClass }) => recordClass)).toEqual(['encounter']);
    const opened = { patientId: PATIENT_ID, classes: ['condition' as const] };
    const permitId = await openChart(ledger, PEOPLE.doctor, opened, NOON_MS);
    const narrow = await page(PEOPLE.doctor, { permitId });
    expect(narrow.records.map(({ recordClass }) => recordClass)).toEqual(['condition']);
  });
});

function vitalSign(): FhirResource {
  return { resourceType: 'Observation', category: [{ coding: [{ code: 'vital-signs' }] }] };
}

describe('a sensitive record', () => {
  it('is hidden from whom the patient says, without a gap, and always shown to the patient', async () => {
    const records = Array.from({ length: 6 }, () => condition());
    const hidden = condition({ labels: ['HIV'] });
    await writeRecords(ledger, PEOPLE.doctor, [...records, hidden]);
    expect(await idsSeenBy(PEOPLE.nurse)).toContain(hidden.recordId);
    await setRelyingParty(ledger);
    const device = await firstPasskey(ledger, PEOPLE.patient);
    const deny: Partial<ConsentTerms> = {
      effect: 'deny',
      grantee: { mspId: null, subjectId: PEOPLE.nurse.subjectId },
      classes: ['condition', 'result'],
      labels: ['HIV'],
      purposes: 'all',
      share: null,
    };
    await grant(ledger, PEOPLE.patient, device, termsWith(deny));
    expect(await idsSeenBy(PEOPLE.patient)).toContain(hidden.recordId);
    expect(await idsSeenBy(PEOPLE.doctor)).toContain(hidden.recordId);
    const seen = await idsSeenBy(PEOPLE.nurse);
    expect(seen.sort()).toEqual(records.map(({ recordId }) => recordId).sort());
    const pages: string[] = [];
    let bookmark: string | undefined;
    do {
      const found = await page(PEOPLE.nurse, { pageSize: 2, bookmark });
      expect(found.records).toHaveLength(2);
      pages.push(JSON.stringify(found));
      bookmark = found.bookmark;
    } while (bookmark !== undefined);
    expect(pages.join()).not.toContain(hidden.recordId);
    await expectUnseen(PEOPLE.nurse, hidden);
  });

  it('takes its earlier versions along when the label comes later', async () => {
    const record = condition();
    await writeRecords(ledger, PEOPLE.doctor, [record]);
    const labelled = { ...record, ifVersion: 1, labels: ['HIV'] };
    await writeRecords(ledger, PEOPLE.doctor, [labelled]);
    await setRelyingParty(ledger);
    const device = await firstPasskey(ledger, PEOPLE.patient);
    const grantee = { mspId: HOSPITAL, subjectId: null };
    const deny: Partial<ConsentTerms> = {
      effect: 'deny',
      grantee,
      classes: ['condition', 'result'],
      labels: ['HIV'],
      share: null,
    };
    await grant(ledger, PEOPLE.patient, device, termsWith({ ...deny, purposes: 'all' }));
    await expectUnseen(PEOPLE.nurse, record);
    expect(await page(PEOPLE.nurse, { history: { sinceMs: 0 } })).toEqual({ records: [] });
    expect(await idsSeenBy(PEOPLE.clinicDoctor)).toContain(record.recordId);
  });
});

/** The record is to the caller as one that never was. */
async function expectUnseen(
  identity: Identity,
  { recordId, recordClass }: RecordWrite,
): Promise<void> {
  const never = newId();
  for (const id of [recordId, never]) {
    const permitId = await openChart(ledger, identity, { patientId: PATIENT_ID }, NOON_MS);
    const one = { patientId: PATIENT_ID, permitId, recordClass, recordId: id };
    const calls = [
      ['record:Read', { patientId: PATIENT_ID, permitId, recordId: id, pageSize: 1 }],
      ['record:ReadVersion', { ...one, version: 1 }],
      ['record:History', { ...one, pageSize: 10 }],
      ['record:Locate', { recordId: id }],
    ] as const;
    for (const [name, input] of calls) {
      const call = ledger.evaluate(name, { identity, input, nowMs: NOON_MS });
      await expect(call).rejects.toThrow('not_found: There is no such record.');
    }
  }
}

describe('psychotherapy notes', () => {
  const groupId = newId();
  const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
  const sealed: SealedNote = {
    resourceType: 'PsychotherapyNote',
    v: 1,
    groupId,
    keyId: newId(),
    ephemeralKey: base64(32),
    wrappedKey: base64(48),
    nonce: base64(12),
    data: base64(300),
  };
  const other: Identity & { subjectId: string } = { ...PEOPLE.doctor, subjectId: newId() };

  function note(more: Partial<RecordWrite> = {}): RecordWrite {
    return writeOf({ recordClass: 'psychotherapy-note', resource: { ...sealed }, ...more });
  }

  beforeEach(async () => {
    await setTreating(ledger, other);
    const input = {
      groupId,
      keyId: sealed.keyId,
      publicKey: base64(32),
      add: [PEOPLE.doctor.subjectId, other.subjectId],
      remove: [],
      saltHex: SALT_HEX,
    };
    const call = { identity: PEOPLE.administrator, input, nowMs: NOON_MS };
    await ledger.submit('record:SetAuthorGroup', call);
  });

  it('are read by their group and by nobody else, who sees no gap', async () => {
    const written = note();
    await writeRecords(ledger, PEOPLE.doctor, [written, condition()]);
    for (const author of [PEOPLE.doctor, other]) {
      expect(await idsSeenBy(author)).toContain(written.recordId);
    }
    for (const reader of [PEOPLE.patient, PEOPLE.nurse, PEOPLE.clinicDoctor]) {
      expect(await idsSeenBy(reader)).toHaveLength(1);
      await expectUnseen(reader, written);
    }
  });

  it('are closed to who has left the group', async () => {
    const written = note();
    await writeRecords(ledger, PEOPLE.doctor, [written]);
    const input = {
      ...{ groupId, keyId: sealed.keyId, publicKey: base64(32), saltHex: SALT_HEX },
      ...{ add: [], remove: [other.subjectId] },
    };
    await ledger.submit('record:SetAuthorGroup', {
      identity: PEOPLE.administrator,
      input,
      nowMs: NOON_MS,
    });
    await expectUnseen(other, written);
  });

  it('are written by members only, sealed and alone', async () => {
    await expect(writeRecords(ledger, PEOPLE.clinicDoctor, [note()])).rejects.toThrow(
      'access_denied: ',
    );
    await expect(writeRecords(ledger, PEOPLE.nurse, [note()])).rejects.toThrow('access_denied: ');
    const elsewhere = note({ resource: { ...sealed, groupId: newId() } });
    await expect(writeRecords(ledger, PEOPLE.doctor, [elsewhere])).rejects.toThrow(
      'access_denied: ',
    );
    const plain = note({ resource: { resourceType: 'DocumentReference' } });
    await expect(writeRecords(ledger, PEOPLE.doctor, [plain])).rejects.toThrow('invalid_input: ');
    const named = note({ uniqueKey: 'ab'.repeat(32) });
    await expect(writeRecords(ledger, PEOPLE.doctor, [named])).rejects.toThrow('stands alone');
  });

  it('are changed and deleted by their own group only, not by another', async () => {
    const written = note();
    await writeRecords(ledger, PEOPLE.doctor, [written]);
    const input = {
      ...{ groupId: newId(), keyId: newId(), publicKey: base64(32), saltHex: SALT_HEX },
      ...{ add: [PEOPLE.clinicDoctor.subjectId], remove: [] },
    };
    const identity = PEOPLE.clinicAdministrator;
    await ledger.submit('record:SetAuthorGroup', { identity, input, nowMs: NOON_MS });
    const taken = { ...sealed, groupId: input.groupId };
    for (const resource of [null, { ...sealed }, taken]) {
      const change = { ...written, ifVersion: 1, resource };
      const call = writeRecords(ledger, PEOPLE.clinicDoctor, [change]);
      await expect(call).rejects.toThrow('access_denied: ');
    }
    const gone = { ...written, ifVersion: 1, resource: null };
    expect(await writeRecords(ledger, other, [gone])).toEqual([2]);
    for (const reader of [PEOPLE.doctor, PEOPLE.patient]) await expectUnseen(reader, written);
  });

  it('have a group whose key only members learn, made by no member', async () => {
    const read = (identity: Identity): Promise<unknown> =>
      ledger.evaluate('record:ReadAuthorGroup', { identity, input: { groupId }, nowMs: NOON_MS });
    expect(await read(PEOPLE.doctor)).toMatchObject({ groupId, publicKey: base64(32) });
    await expect(read(PEOPLE.clinicDoctor)).rejects.toThrow('not_found: ');
    const input = {
      ...{ groupId, keyId: newId(), publicKey: base64(32), remove: [], saltHex: SALT_HEX },
      add: [PEOPLE.clinicAdministrator.subjectId],
    };
    for (const identity of [PEOPLE.clinicAdministrator, PEOPLE.administrator]) {
      const own = { ...input, add: [identity.subjectId] };
      const call = ledger.submit('record:SetAuthorGroup', { identity, input: own, nowMs: NOON_MS });
      await expect(call).rejects.toThrow('access_denied: ');
    }
  });
});

describe('finding a record', () => {
  const key = { name: 'record-identifier' as const, valueHash: 'ef'.repeat(32) };
  const find = (identity: Identity): Promise<unknown> =>
    ledger.evaluate('record:FindByKey', {
      identity,
      input: { indexName: key.name, valueHash: key.valueHash },
      nowMs: NOON_MS,
    });

  it('tells its place to who may read it, and to others that it is not there', async () => {
    const record = condition();
    await writeRecords(ledger, PEOPLE.doctor, [record]);
    const { recordId } = record;
    const call = { input: { recordId }, nowMs: NOON_MS };
    expect(await ledger.evaluate('record:Locate', { identity: PEOPLE.patient, ...call })).toEqual({
      ...{ patientId: PATIENT_ID, recordClass: 'condition', recordId },
    });
    const denied = ledger.evaluate('record:Locate', { identity: PEOPLE.otherPatient, ...call });
    await expect(denied).rejects.toThrow('not_found: ');
  });

  it('goes by index entries, which follow the record', async () => {
    const record = condition({ indexKeys: [key] });
    await writeRecords(ledger, PEOPLE.doctor, [record]);
    const place = { patientId: PATIENT_ID, recordClass: 'condition', recordId: record.recordId };
    expect(await find(PEOPLE.doctor)).toEqual({ places: [place], more: false });
    expect(await find(PEOPLE.otherPatient)).toEqual({ places: [], more: false });
    await writeRecords(ledger, PEOPLE.doctor, [{ ...record, ifVersion: 1, indexKeys: undefined }]);
    expect(await find(PEOPLE.doctor)).toEqual({ places: [place], more: false });
    await writeRecords(ledger, PEOPLE.doctor, [{ ...record, ifVersion: 2, indexKeys: [] }]);
    expect(await find(PEOPLE.doctor)).toEqual({ places: [], more: false });
  });
});

describe('laboratory orders', () => {
  const order = { resourceType: 'ServiceRequest', subject: SUBJECT, status: 'active' };
  const result: FhirResource = {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] },
    subject: SUBJECT,
    effectiveDateTime: new Date(NOON_MS - 24 * HOUR_MS).toISOString(),
    valueQuantity: { value: 6.1, unit: '%' },
  };
  const orderFor = { mspId: HOSPITAL, untilMs: NOON_MS + 48 * HOUR_MS };
  const clinicLaboratory: Identity = { ...PEOPLE.laboratory, mspId: CLINIC };
  let placed: RecordWrite;

  beforeEach(async () => {
    placed = writeOf({ recordClass: 'order', resource: order, orderFor });
    const further = writeOf({ recordClass: 'order', resource: order });
    await writeRecords(ledger, PEOPLE.clinicDoctor, [placed, further, condition()]);
  });

  function answer(more: Partial<RecordWrite> = {}): RecordWrite {
    return writeOf({
      recordClass: 'result',
      resource: result,
      orderId: placed.recordId,
      ...more,
    });
  }

  it('are all that the laboratory sees, and it sees its own only', async () => {
    expect(await idsSeenBy(PEOPLE.laboratory)).toEqual([placed.recordId]);
    expect(await idsSeenBy(clinicLaboratory)).toEqual([]);
  });

  it('are listed for the laboratory that has them, page by page, until they are over', async () => {
    const second = writeOf({ recordClass: 'order', resource: order, orderFor });
    await writeRecords(ledger, PEOPLE.clinicDoctor, [second]);
    const page = async (identity: Identity, nowMs: number, after?: object) => {
      const input = { pageSize: 1, after };
      return ListOrdersOutput.parse(
        await ledger.evaluate('record:ListOrders', { identity, input, nowMs }),
      );
    };
    const first = await page(PEOPLE.laboratory, NOON_MS);
    const next = await page(PEOPLE.laboratory, NOON_MS, first.next);
    const ids = [...first.orders, ...next.orders].map(({ orderId }) => orderId);
    expect(ids.sort()).toEqual([placed.recordId, second.recordId].sort());
    expect((await page(clinicLaboratory, NOON_MS)).orders).toEqual([]);
    expect((await page(PEOPLE.laboratory, orderFor.untilMs)).orders).toEqual([]);
  });

  it('are what results are written for', async () => {
    expect(await writeRecords(ledger, PEOPLE.laboratory, [answer()])).toEqual([1]);
    const wrong: [Identity, RecordWrite][] = [
      [PEOPLE.laboratory, answer({ orderId: undefined })],
      [PEOPLE.laboratory, answer({ orderId: newId() })],
      [PEOPLE.laboratory, condition({ orderId: placed.recordId })],
      [clinicLaboratory, answer()],
    ];
    for (const [identity, write] of wrong) {
      await expect(writeRecords(ledger, identity, [write])).rejects.toThrow('access_denied: ');
    }
    expect(await idsSeenBy(PEOPLE.laboratory)).toEqual([placed.recordId]);
  });

  it('are over when they are completed or their time is', async () => {
    const late = { nowMs: orderFor.untilMs };
    await expect(writeRecords(ledger, PEOPLE.laboratory, [answer()], late)).rejects.toThrow(
      'access_denied: ',
    );
    const completed = { ...order, status: 'completed' };
    const close = { ...placed, orderFor: undefined, ifVersion: 1, resource: completed };
    await writeRecords(ledger, PEOPLE.doctor, [close]);
    await expect(writeRecords(ledger, PEOPLE.laboratory, [answer()])).rejects.toThrow(
      'access_denied: ',
    );
    expect(await idsSeenBy(PEOPLE.laboratory)).toEqual([]);
  });

  it('show equivalent recent results of any facility that the doctor may read', async () => {
    const byOtherMethod = { coding: [{ system: 'http://loinc.org', code: '17856-6' }] };
    const yesterday = writeOf({
      recordClass: 'result',
      resource: { ...result, code: byOtherMethod },
    });
    const old = { ...result, effectiveDateTime: '2026-01-01' };
    const hidden = writeOf({ recordClass: 'result', resource: result, labels: ['HIV'] });
    await writeRecords(ledger, PEOPLE.clinicDoctor, [
      yesterday,
      hidden,
      writeOf({ recordClass: 'result', resource: old }),
    ]);
    const ask = async (identity: Identity, loinc: string): Promise<unknown> => {
      const permitId = await openChart(ledger, identity, { patientId: PATIENT_ID }, NOON_MS);
      const input = { patientId: PATIENT_ID, permitId, loinc };
      return ledger.evaluate('record:EquivalentResults', { identity, input, nowMs: NOON_MS });
    };
    const both = [
      expect.objectContaining({ mspId: CLINIC }),
      expect.objectContaining({ mspId: CLINIC }),
    ];
    expect(await ask(PEOPLE.doctor, '4548-4')).toEqual({ results: both, validityDays: 40 });
    expect(await ask(PEOPLE.doctor, '3016-3')).toEqual({ results: [], validityDays: 28 });
    expect(await ask(PEOPLE.doctor, '99999-9')).toEqual({ results: [], validityDays: null });
    await setRelyingParty(ledger);
    const device = await firstPasskey(ledger, PEOPLE.patient);
    const grantee = { mspId: HOSPITAL, subjectId: null };
    const deny: Partial<ConsentTerms> = {
      effect: 'deny',
      grantee,
      classes: ['condition', 'result'],
      labels: ['HIV'],
      share: null,
    };
    await grant(ledger, PEOPLE.patient, device, termsWith({ ...deny, purposes: 'all' }));
    const seen = await ask(PEOPLE.doctor, '4548-4');
    expect(seen).toMatchObject({ results: [{ recordId: yesterday.recordId }] });
  });

  it('record why a test is ordered again', async () => {
    const repeat = { reason: 'clinical-change' as const, text: 'New anaemia', shown: [newId()] };
    const again = writeOf({ recordClass: 'order', resource: order, repeat });
    await writeRecords(ledger, PEOPLE.doctor, [again]);
    const { records } = await page(PEOPLE.patient, { recordClasses: ['order'] });
    expect(records).toContainEqual(expect.objectContaining({ recordId: again.recordId, repeat }));
  });
});

describe('a document', () => {
  it('stands on the ledger as digest and key; its bytes do not', async () => {
    const attachment = {
      objectId: newId(),
      digestHex: 'ab'.repeat(32),
      keyHex: 'cd'.repeat(32),
      sizeBytes: 1_000,
      contentType: 'application/pdf',
    };
    const resource = { resourceType: 'DocumentReference', status: 'current' };
    const document = writeOf({ recordClass: 'document', resource, attachments: [attachment] });
    await writeRecords(ledger, PEOPLE.doctor, [document]);
    expect(await page(PEOPLE.nurse)).toMatchObject({ records: [{ attachments: [attachment] }] });
    const key = compositeKey(CLINICAL_KEYS.record(PATIENT_ID, 'document', document.recordId));
    const stored = ledger.privateData.get(key)?.value ?? new Uint8Array(0);
    expect(stored.length).toBeGreaterThan(100);
    expect(stored.length).toBeLessThan(1_200);
  });
});

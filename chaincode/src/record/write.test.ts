import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type FhirResource,
  MAX_RESOURCE_BYTES,
  type RecordClass,
  type RecordWrite,
} from '@pulseledger/domain';
import { openChart } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  HOSPITAL,
  HOUR_MS,
  ledgerWith,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
  setTreating,
} from '../testing/story.ts';
import { endorseWrites, newId, writeOf, writeRecords } from '../testing/writing.ts';

const SUBJECT = { reference: `Patient/${PATIENT_ID}` };
const CONDITION = { resourceType: 'Condition', subject: SUBJECT, code: { text: 'Asthma' } };
const PRESCRIPTION = { resourceType: 'MedicationRequest', subject: SUBJECT, status: 'active' };

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setTreating(ledger, PEOPLE.doctor);
  await setTreating(ledger, PEOPLE.nurse);
});

function condition(more: Partial<RecordWrite> = {}): RecordWrite {
  return writeOf({ recordClass: 'condition', resource: CONDITION, ...more });
}

async function read(
  identity: Identity,
  input: object,
  name: 'record:Read' | 'record:ReadVersion' | 'record:History' = 'record:Read',
): Promise<Record<string, unknown>> {
  const permitId = await openChart(ledger, identity, { patientId: PATIENT_ID }, NOON_MS);
  const asked = { patientId: PATIENT_ID, permitId, ...input };
  return (await ledger.evaluate(name, { identity, input: asked, nowMs: NOON_MS })) as Record<
    string,
    unknown
  >;
}

describe('writing records', () => {
  it('creates several at once and tells nothing but their versions', async () => {
    const writes = [condition(), writeOf({ recordClass: 'medication', resource: PRESCRIPTION })];
    expect(await writeRecords(ledger, PEOPLE.doctor, writes)).toEqual([1, 1]);
    const { records } = await read(PEOPLE.patient, { pageSize: 10 });
    expect(records).toEqual([
      expect.objectContaining({
        resource: CONDITION,
        authorId: PEOPLE.doctor.subjectId,
        authorRole: 'doctor',
        mspId: HOSPITAL,
        writtenAtMs: NOON_MS,
      }),
      expect.objectContaining({ resource: PRESCRIPTION }),
    ]);
  });

  it('keeps every version when a record is amended and deleted', async () => {
    const created = condition();
    const amended = { ...CONDITION, clinicalStatus: { text: 'resolved' } };
    await writeRecords(ledger, PEOPLE.doctor, [created]);
    await writeRecords(ledger, PEOPLE.nurse, [{ ...created, ifVersion: 1, resource: amended }]);
    await writeRecords(ledger, PEOPLE.doctor, [{ ...created, ifVersion: 2, resource: null }]);
    const one = { recordClass: 'condition', recordId: created.recordId };
    const history = await read(PEOPLE.doctor, { ...one, pageSize: 10 }, 'record:History');
    expect(history).toMatchObject({
      more: false,
      versions: [
        { version: 3, deleted: true, resource: null },
        { version: 2, resource: amended, authorId: PEOPLE.nurse.subjectId },
        { version: 1, resource: CONDITION },
      ],
    });
    const first = await read(PEOPLE.doctor, { ...one, version: 1 }, 'record:ReadVersion');
    expect(first).toMatchObject({ resource: CONDITION });
    expect(await read(PEOPLE.doctor, { pageSize: 10 })).toEqual({ records: [] });
    const deleted = await read(PEOPLE.doctor, { recordId: created.recordId, pageSize: 1 });
    expect(deleted).toMatchObject({ records: [{ deleted: true, version: 3 }] });
  });

  it('pages through history', async () => {
    const created = condition();
    await writeRecords(ledger, PEOPLE.doctor, [created]);
    for (let ifVersion = 1; ifVersion < 5; ifVersion += 1) {
      await writeRecords(ledger, PEOPLE.doctor, [{ ...created, ifVersion }]);
    }
    const one = { recordClass: 'condition', recordId: created.recordId, pageSize: 2 };
    const page = await read(PEOPLE.doctor, { ...one, beforeVersion: 4 }, 'record:History');
    expect(page).toMatchObject({ more: true, versions: [{ version: 3 }, { version: 2 }] });
  });

  const stale: [string, number | null, string][] = [
    ['a version that was replaced', 1, 'precondition_failed'],
    ['a version that never was', 3, 'precondition_failed'],
    ['none, though there is one', null, 'precondition_failed'],
  ];
  it.each(stale)('refuses a change to %s', async (_what, ifVersion, code) => {
    const created = condition();
    await writeRecords(ledger, PEOPLE.doctor, [created]);
    await writeRecords(ledger, PEOPLE.doctor, [{ ...created, ifVersion: 1 }]);
    const call = writeRecords(ledger, PEOPLE.doctor, [{ ...created, ifVersion }]);
    await expect(call).rejects.toThrow(`${code}: `);
  });

  it('refuses a change to what is not there', async () => {
    const call = writeRecords(ledger, PEOPLE.doctor, [condition({ ifVersion: 1 })]);
    await expect(call).rejects.toThrow('not_found: ');
  });

  it('lets one of two changes to the same version through', async () => {
    const created = condition();
    await writeRecords(ledger, PEOPLE.doctor, [created]);
    const change = { ...created, ifVersion: 1 };
    const both = [
      await endorseWrites(ledger, PEOPLE.doctor, [change]),
      await endorseWrites(ledger, PEOPLE.nurse, [change]),
    ];
    expect(both.map((each) => ledger.commit(each))).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
  });

  it('writes all or nothing', async () => {
    const wrong = writeOf({ recordClass: 'allergy', resource: CONDITION });
    await expect(writeRecords(ledger, PEOPLE.doctor, [condition(), wrong])).rejects.toThrow(
      'invalid_input: The resource does not belong to the class of the write.',
    );
    expect(await read(PEOPLE.doctor, { pageSize: 10 })).toEqual({ records: [] });
  });

  const misfiled: [string, RecordWrite, string][] = [
    ['of no class', condition({ resource: { resourceType: 'Bundle' } }), 'class of the write'],
    [
      'about another patient',
      condition({
        resource: { ...CONDITION, subject: { reference: `Patient/${OTHER_PATIENT_ID}` } },
      }),
      'about another patient',
    ],
    ['that deletes nothing', condition({ resource: null }), 'cannot be deleted'],
    [
      'that is too large',
      condition({ resource: { ...CONDITION, note: 'x'.repeat(MAX_RESOURCE_BYTES) } }),
      '256 KB',
    ],
    [
      'that hides a prescription',
      writeOf({
        recordClass: 'other',
        resource: { resourceType: 'CarePlan', contained: [PRESCRIPTION] },
      }),
      'class of the write',
    ],
  ];
  it.each(misfiled)('refuses a write %s', async (_what, write, text) => {
    const wants = [{ action: 'create' as const, recordClass: write.recordClass }];
    await expect(writeRecords(ledger, PEOPLE.doctor, [write], { wants })).rejects.toThrow(text);
  });

  it('refuses a record that is written twice in one transaction', async () => {
    const once = condition();
    await expect(writeRecords(ledger, PEOPLE.doctor, [once, once])).rejects.toThrow(
      'written twice',
    );
  });
});

describe('conditional creation', () => {
  const uniqueKey = 'ab'.repeat(32);

  it('makes exactly one of eight parallel ones, and the rest learn which', async () => {
    const writes = Array.from({ length: 8 }, () => condition({ uniqueKey }));
    const endorsed = [];
    for (const write of writes) endorsed.push(await endorseWrites(ledger, PEOPLE.doctor, [write]));
    const statuses = endorsed.map((each) => ledger.commit(each));
    expect(statuses.filter((status) => status === 'VALID')).toHaveLength(1);
    const [winner] = writes;
    for (const write of writes.slice(1)) {
      const again = writeRecords(ledger, PEOPLE.doctor, [write]);
      await expect(again).rejects.toThrow('already_exists: ');
    }
    const place = await ledger.evaluate('record:FindUnique', {
      identity: PEOPLE.doctor,
      input: { patientId: PATIENT_ID, uniqueKey },
      nowMs: NOON_MS,
    });
    expect(place).toMatchObject({ recordClass: 'condition', recordId: winner?.recordId });
  });

  it('is free again when the record was deleted, and stays taken when it was amended', async () => {
    const first = condition({ uniqueKey });
    await writeRecords(ledger, PEOPLE.doctor, [first]);
    await writeRecords(ledger, PEOPLE.doctor, [{ ...first, uniqueKey: undefined, ifVersion: 1 }]);
    await expect(writeRecords(ledger, PEOPLE.doctor, [condition({ uniqueKey })])).rejects.toThrow(
      'already_exists',
    );
    await writeRecords(ledger, PEOPLE.doctor, [{ ...first, ifVersion: 2, resource: null }]);
    expect(await writeRecords(ledger, PEOPLE.doctor, [condition({ uniqueKey })])).toEqual([1]);
  });

  it('counts within a patient only', async () => {
    await setTreating(ledger, PEOPLE.clinicDoctor);
    await writeRecords(ledger, PEOPLE.clinicDoctor, [condition({ uniqueKey })]);
    const patient = { resourceType: 'Patient', name: [{ family: 'F' }], birthDate: '1980' };
    const patientId = newId();
    const basics = writeOf({ recordClass: 'basics', recordId: patientId, resource: patient });
    const other = condition({ uniqueKey, resource: { resourceType: 'Condition' } });
    const wants = [
      { action: 'register' as const, recordClass: 'basics' as const },
      { action: 'create' as const, recordClass: 'condition' as const },
    ];
    const writes = [basics, other];
    expect(await writeRecords(ledger, PEOPLE.doctor, writes, { patientId, wants })).toEqual([1, 1]);
  });
});

describe('who may write', () => {
  it('is not the nurse for a prescription', async () => {
    const write = writeOf({ recordClass: 'medication', resource: PRESCRIPTION });
    await expect(writeRecords(ledger, PEOPLE.nurse, [write])).rejects.toThrow('access_denied: ');
    expect(await writeRecords(ledger, PEOPLE.nurse, [condition()])).toEqual([1]);
    const disguised = writeOf({ recordClass: 'condition', resource: PRESCRIPTION });
    await expect(writeRecords(ledger, PEOPLE.nurse, [disguised])).rejects.toThrow(
      'invalid_input: ',
    );
  });

  it.each([PEOPLE.clinicDoctor, PEOPLE.administrator])(
    'is not $role of $mspId, who does not treat the patient',
    async (identity) => {
      await expect(writeRecords(ledger, identity, [condition()])).rejects.toThrow(
        'access_denied: ',
      );
    },
  );

  it('is nobody without an attestation, or with one about somebody or something else', async () => {
    const input = { patientId: PATIENT_ID, writes: [condition()] };
    const call = { identity: PEOPLE.doctor, input, nowMs: NOON_MS };
    await expect(ledger.submit('record:Write', call)).rejects.toThrow('bad_attestation: ');
    const wants = [{ action: 'create' as const, recordClass: 'allergy' as const }];
    await expect(writeRecords(ledger, PEOPLE.doctor, [condition()], { wants })).rejects.toThrow(
      'access_denied: ',
    );
  });

  it('is not who must not see the label that the record has, or gets', async () => {
    const wants = [{ action: 'amend' as const, recordClass: 'condition' as const, labels: [] }];
    const labelled = condition({ labels: ['HIV'] });
    await writeRecords(ledger, PEOPLE.doctor, [labelled]);
    const change = { ...labelled, ifVersion: 1, labels: [] };
    await expect(writeRecords(ledger, PEOPLE.doctor, [change], { wants })).rejects.toThrow(
      'access_denied: ',
    );
    const more = [{ ...wants[0], labels: ['HIV'] }] as typeof wants;
    expect(await writeRecords(ledger, PEOPLE.doctor, [change], { wants: more })).toEqual([2]);
  });

  it('is the author alone for a note', async () => {
    const resource = { resourceType: 'ClinicalImpression', subject: SUBJECT };
    const note = writeOf({ recordClass: 'note', resource });
    await writeRecords(ledger, PEOPLE.doctor, [note]);
    const change = { ...note, ifVersion: 1 };
    await expect(writeRecords(ledger, PEOPLE.nurse, [change])).rejects.toThrow('its author only');
    expect(await writeRecords(ledger, PEOPLE.doctor, [change])).toEqual([2]);
  });
});

describe('registering a patient with the record', () => {
  const patient: FhirResource = {
    resourceType: 'Patient',
    name: [{ use: 'official', family: 'Yundt', given: ['Fabian'] }],
    birthDate: '1990-05-01',
    gender: 'male',
  };
  const register = [{ action: 'register' as const, recordClass: 'basics' as const }];
  const withVisit = [...register, { action: 'create' as const, recordClass: 'encounter' as const }];

  function registration(patientId: string, more: Partial<RecordWrite> = {}): RecordWrite {
    return writeOf({ recordClass: 'basics', recordId: patientId, resource: patient, ...more });
  }

  it('makes the clinician treat the patient, visit and all in one transaction', async () => {
    const patientId = newId();
    const subject = { reference: `Patient/${patientId}` };
    const visit = writeOf({
      recordClass: 'encounter',
      resource: { resourceType: 'Encounter', subject },
    });
    const writes = [registration(patientId), visit];
    await writeRecords(ledger, PEOPLE.nurse, writes, { patientId, wants: withVisit });
    const later = { patientId, nowMs: NOON_MS + HOUR_MS };
    const more = writeOf({
      recordClass: 'condition',
      resource: { resourceType: 'Condition', subject },
    });
    expect(await writeRecords(ledger, PEOPLE.nurse, [more], later)).toEqual([1]);
  });

  it('cannot be claimed without being done, or for a patient who is known', async () => {
    const patientId = newId();
    const visit = writeOf({ recordClass: 'encounter', resource: { resourceType: 'Encounter' } });
    const claim = { patientId, wants: withVisit };
    await expect(writeRecords(ledger, PEOPLE.nurse, [visit], claim)).rejects.toThrow('conflict: ');
    const known = writeRecords(ledger, PEOPLE.nurse, [registration(PATIENT_ID)], {
      wants: register,
    });
    await expect(known).rejects.toThrow('conflict: ');
  });

  it('has the patient’s id, and the name follows the resource', async () => {
    const wrongId = [registration(newId())];
    await expect(
      writeRecords(ledger, PEOPLE.nurse, wrongId, { patientId: newId(), wants: register }),
    ).rejects.toThrow('has the patient’s id');
    const amend = { wants: [{ action: 'amend' as const, recordClass: 'basics' as const }] };
    await writeRecords(ledger, PEOPLE.nurse, [registration(PATIENT_ID)], amend);
    const permitId = await openChart(ledger, PEOPLE.nurse, { patientId: PATIENT_ID }, NOON_MS);
    const view = await ledger.evaluate('care:ReadPatient', {
      identity: PEOPLE.nurse,
      input: { patientId: PATIENT_ID, permitId },
      nowMs: NOON_MS,
    });
    expect(view).toMatchObject({ basics: { family: 'Yundt' } });
  });

  it('makes one patient of the same identifier, by a key that nobody outside can guess', async () => {
    const uniqueKey = 'cd'.repeat(32);
    const attempt = (patientId: string): Promise<readonly number[]> =>
      writeRecords(ledger, PEOPLE.nurse, [registration(patientId, { uniqueKey })], {
        patientId,
        wants: register,
      });
    await expect(attempt(newId())).rejects.toThrow('unavailable: ');
    const secret = { secretHex: 'e1'.repeat(32), saltHex: SALT_HEX };
    for (const status of ['changed', 'unchanged']) {
      const call = { identity: PEOPLE.administrator, input: secret, nowMs: NOON_MS };
      expect(await ledger.submit('record:SetIndexSecret', call)).toEqual({ status });
    }
    const first = newId();
    await attempt(first);
    await expect(attempt(newId())).rejects.toThrow('already_exists: ');
    expect([...ledger.privateData.keys()].join()).not.toContain(uniqueKey);
    const find = (identity: Identity): Promise<unknown> =>
      ledger.evaluate('record:FindUnique', {
        identity,
        input: { uniqueKey },
        nowMs: NOON_MS,
      });
    expect(await find(PEOPLE.clinicDoctor)).toMatchObject({ patientId: first });
    await expect(find(PEOPLE.laboratory)).rejects.toThrow('not_found: ');
  });
});

describe('what a write reads', () => {
  it('is of the record itself only, so that two visits of a patient share no key', async () => {
    const reads = async (write: RecordWrite): Promise<string[]> => {
      const { stub } = await endorseWrites(ledger, PEOPLE.doctor, [write]);
      return [...stub.reads.keys(), ...stub.privateWrites.keys()];
    };
    const classes: [RecordClass, string][] = [
      ['condition', 'Condition'],
      ['encounter', 'Encounter'],
      ['order', 'ServiceRequest'],
    ];
    const seen = new Set<string>();
    for (const [recordClass, resourceType] of classes) {
      const keys = await reads(writeOf({ recordClass, resource: { resourceType } }));
      expect(keys.length).toBeGreaterThan(1);
      for (const key of new Set(keys)) {
        expect(seen.has(key)).toBe(false);
        seen.add(key);
      }
    }
  });
});

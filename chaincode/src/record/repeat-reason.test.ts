import { beforeEach, describe, expect, it } from '@jest/globals';
import { Claims, type FhirResource, type RecordWrite } from '@pulseledger/domain';
import { attest } from '../testing/attesting.ts';
import { firstPasskey, grant, setRelyingParty, termsWith } from '../testing/consents.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  HOSPITAL,
  HOUR_MS,
  ledgerWith,
  NOON_MS,
  PATIENT_ID,
  PEOPLE,
  setTreating,
} from '../testing/story.ts';
import { endorseWrites, newId, wantOf, writeOf, writeRecords } from '../testing/writing.ts';

const SUBJECT = { reference: `Patient/${PATIENT_ID}` };
const HBA1C = '4548-4';
const HBA1C_OTHERWISE = '17856-6';
const THYROTROPIN = '3016-3';

function codeOf(...codes: readonly string[]): object {
  return { coding: codes.map((code) => ({ system: 'http://loinc.org', code })) };
}

function result(more: object = {}): FhirResource {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: codeOf(HBA1C_OTHERWISE),
    subject: SUBJECT,
    effectiveDateTime: new Date(NOON_MS - 24 * HOUR_MS).toISOString(),
    ...more,
  };
}

function order(more: Partial<RecordWrite> = {}, resource: object = {}): RecordWrite {
  const request = { resourceType: 'ServiceRequest', status: 'active', intent: 'order' };
  const asked = { ...request, subject: SUBJECT, code: codeOf(HBA1C), ...resource };
  return writeOf({ recordClass: 'order', resource: asked, ...more });
}

function repeatOf(...shown: readonly string[]): Pick<RecordWrite, 'repeat'> {
  return { repeat: { reason: 'clinical-change', text: 'New anaemia', shown } };
}

let ledger: LedgerDouble;
let recent: RecordWrite;

beforeEach(async () => {
  ledger = await ledgerWith();
  for (const each of [PEOPLE.doctor, PEOPLE.clinicDoctor, PEOPLE.nurse]) {
    await setTreating(ledger, each);
  }
  recent = writeOf({ recordClass: 'result', resource: result() });
  await writeRecords(ledger, PEOPLE.clinicDoctor, [recent]);
});

/** The refusal's code, or the versions. */
async function outcomeOf(identity: Identity, ...writes: readonly RecordWrite[]): Promise<unknown> {
  try {
    return await writeRecords(ledger, identity, writes);
  } catch (error) {
    return error instanceof Error ? error.message.split(':')[0] : error;
  }
}

describe('an order for a test of which there is a recent result', () => {
  it('is refused without a reason, at the other organization too, whoever orders', async () => {
    expect(await outcomeOf(PEOPLE.doctor, order())).toBe('reason_needed');
    expect(await outcomeOf(PEOPLE.clinicDoctor, order())).toBe('reason_needed');
    expect(await outcomeOf(PEOPLE.nurse, order())).toBe('reason_needed');
  });

  it('is taken with a reason that names the newest result, and with no other', async () => {
    const newest = writeOf({
      recordClass: 'result',
      resource: result({ effectiveDateTime: new Date(NOON_MS - HOUR_MS).toISOString() }),
    });
    await writeRecords(ledger, PEOPLE.clinicDoctor, [newest]);
    const bad = [repeatOf(), repeatOf(newId()), repeatOf(recent.recordId)];
    for (const repeat of bad) {
      expect(await outcomeOf(PEOPLE.doctor, order(repeat))).toBe('reason_needed');
    }
    expect(await outcomeOf(PEOPLE.doctor, order(repeatOf(newest.recordId)))).toEqual([1]);
  });

  it('refuses what is written with it, and one order among others is enough', async () => {
    const other = order({}, { code: codeOf(THYROTROPIN) });
    expect(await outcomeOf(PEOPLE.doctor, other, order())).toBe('reason_needed');
    expect(await outcomeOf(PEOPLE.doctor, other)).toEqual([1]);
  });

  it('is found by any of its codes', async () => {
    const panel = order({}, { code: codeOf('99999-9', THYROTROPIN, HBA1C) });
    expect(await outcomeOf(PEOPLE.doctor, panel)).toBe('reason_needed');
  });

  it('needs none when the result is not final, too old, or of another test', async () => {
    const before = await ledgerWith();
    await setTreating(before, PEOPLE.doctor);
    ledger = before;
    const results = [
      result({ status: 'preliminary' }),
      result({ effectiveDateTime: '2026-01-01' }),
      result({ code: codeOf(THYROTROPIN) }),
    ];
    const writes = results.map((resource) => writeOf({ recordClass: 'result', resource }));
    await writeRecords(ledger, PEOPLE.doctor, writes);
    expect(await outcomeOf(PEOPLE.doctor, order())).toEqual([1]);
  });

  it('needs none when it is over already, as an imported one is', async () => {
    expect(await outcomeOf(PEOPLE.doctor, order({}, { status: 'completed' }))).toEqual([1]);
  });
});

describe('an order that is amended', () => {
  it('needs no reason again for the same test, but for one that is added', async () => {
    const placed = order({}, { code: codeOf(THYROTROPIN) });
    await writeRecords(ledger, PEOPLE.doctor, [placed]);
    const noted = { ...placed, ifVersion: 1, resource: { ...placed.resource, priority: 'urgent' } };
    expect(await outcomeOf(PEOPLE.doctor, noted as RecordWrite)).toEqual([2]);
    const added = order({ recordId: placed.recordId, ifVersion: 2 });
    expect(await outcomeOf(PEOPLE.doctor, added)).toBe('reason_needed');
    expect(await outcomeOf(PEOPLE.doctor, { ...added, ...repeatOf(recent.recordId) })).toEqual([3]);
  });

  it('needs one when it is opened again', async () => {
    const over = order({}, { status: 'completed' });
    await writeRecords(ledger, PEOPLE.doctor, [over]);
    const opened = order({ recordId: over.recordId, ifVersion: 1 });
    expect(await outcomeOf(PEOPLE.doctor, opened)).toBe('reason_needed');
  });
});

describe('a result that the doctor may not read', () => {
  it('needs no reason, and nothing tells that it is there', async () => {
    await setRelyingParty(ledger);
    const device = await firstPasskey(ledger, PEOPLE.patient);
    const grantee = { mspId: HOSPITAL, subjectId: null };
    const deny = { effect: 'deny', grantee, classes: ['result'], labels: [], share: null } as const;
    await grant(ledger, PEOPLE.patient, device, termsWith({ ...deny, purposes: 'all' }));
    expect(await outcomeOf(PEOPLE.doctor, order())).toEqual([1]);
    expect(await outcomeOf(PEOPLE.clinicDoctor, order())).toBe('reason_needed');
  });
});

describe('the attested decision', () => {
  const create = { action: 'create', recordClass: 'order', labels: [] } as const;

  async function testsToldTo(identity: Identity, wants = [create]): Promise<unknown> {
    const asked = { patientId: PATIENT_ID, wants, tests: [HBA1C, THYROTROPIN, HBA1C] };
    const { claims } = await attest(ledger, identity, asked, NOON_MS);
    return Claims.parse(JSON.parse(claims)).tests;
  }

  it('says for each test which result the reason has to name', async () => {
    expect(await testsToldTo(PEOPLE.doctor)).toEqual([
      { loinc: HBA1C, recentResultId: recent.recordId },
      { loinc: THYROTROPIN, recentResultId: null },
    ]);
  });

  it('says nothing to who may not order', async () => {
    for (const identity of [PEOPLE.patient, PEOPLE.laboratory, PEOPLE.otherPatient]) {
      expect(await testsToldTo(identity)).toEqual([]);
    }
    const reading = [{ ...create, action: 'read' }] as unknown as (typeof create)[];
    expect(await testsToldTo(PEOPLE.doctor, reading)).toEqual([]);
  });

  it('cannot leave the test out', async () => {
    const write = order(repeatOf(recent.recordId));
    const asked = { patientId: PATIENT_ID, wants: [wantOf(write)], tests: [THYROTROPIN] };
    const attestation = await attest(ledger, PEOPLE.doctor, asked, NOON_MS);
    const input = { patientId: PATIENT_ID, writes: [write] };
    const proposal = { identity: PEOPLE.doctor, input, attestation, nowMs: NOON_MS };
    await expect(ledger.submit('record:Write', proposal)).rejects.toThrow('bad_attestation: ');
  });

  it('is all that the order goes by: the write touches no key of another record', async () => {
    const write = order(repeatOf(recent.recordId));
    const { stub } = await endorseWrites(ledger, PEOPLE.doctor, [write]);
    const touched = [...stub.reads.keys(), ...stub.privateWrites.keys()];
    const others = touched.filter((key) => !key.includes(write.recordId));
    // The attesters' public keys are read by every transaction alike.
    expect(others.filter((key) => !key.includes('attester'))).toEqual([]);
  });
});

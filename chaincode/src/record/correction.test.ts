import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Action,
  type Correction,
  ListAccessOutput,
  MAX_CORRECTION_TEXT,
  MAX_OPEN_CORRECTIONS,
  ReadCorrectionsOutput,
  type RecordWrite,
} from '@pulseledger/domain';
import { attest, openChart, readOpened } from '../testing/attesting.ts';
import type { Endorsement, Identity, LedgerDouble } from '../testing/ledger-double.ts';
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
import { newId, writeOf, writeRecords } from '../testing/writing.ts';

const { patient, doctor, nurse, clinicDoctor, guardian } = PEOPLE;
const CONDITION = {
  resourceType: 'Condition',
  subject: { reference: `Patient/${PATIENT_ID}` },
  code: { text: 'Fracture of the left arm' },
};
const TEXT = 'It was the right arm.';

let ledger: LedgerDouble;
let record: RecordWrite;
let correctionId: string;
beforeEach(async () => {
  ledger = await ledgerWith();
  for (const each of [doctor, nurse, clinicDoctor]) await setTreating(ledger, each);
  record = writeOf({ recordClass: 'condition', resource: CONDITION });
  await writeRecords(ledger, doctor, [record]);
  correctionId = newId();
});

type Name = 'record:RequestCorrection' | 'record:AnswerCorrection';

async function endorse(
  name: Name,
  identity: Identity,
  input: object,
  about: { action?: Action; of?: RecordWrite; patientId?: string } = {},
): Promise<Endorsement> {
  const asked = name === 'record:RequestCorrection' ? 'correct' : 'amend';
  const { action = asked, of = record, patientId = PATIENT_ID } = about;
  const { recordClass, recordId } = of;
  const question = { patientId, wants: [{ action, recordClass }], corrects: recordId };
  const attestation = await attest(ledger, identity, question, NOON_MS);
  const named = { patientId: PATIENT_ID, correctionId, recordClass, recordId, saltHex: SALT_HEX };
  const whole = { ...named, ...input };
  return ledger.endorse(name, { identity, input: whole, attestation, nowMs: NOON_MS });
}

async function submit(...call: Parameters<typeof endorse>): Promise<unknown> {
  const endorsement = await endorse(...call);
  const status = ledger.commit(endorsement);
  if (status !== 'VALID') throw new Error(status);
  return JSON.parse(endorsement.result);
}

function ask(identity: Identity = patient, more: object = {}, of = record): Promise<unknown> {
  return submit('record:RequestCorrection', identity, { version: 1, text: TEXT, ...more }, { of });
}

const CORRECTED = { correctedIn: 2, refusal: null };
const REFUSED = { correctedIn: null, refusal: 'The X-ray shows the left one.' };

function answer(identity: Identity, outcome: object): Promise<unknown> {
  return submit('record:AnswerCorrection', identity, { ...outcome, entryId: newId() });
}

async function amend(more: Partial<RecordWrite> = {}): Promise<void> {
  await writeRecords(ledger, doctor, [{ ...record, ifVersion: 1, ...more }]);
}

async function seenBy(identity: Identity): Promise<readonly Correction[]> {
  const proposal = { identity, input: { patientId: PATIENT_ID }, nowMs: NOON_MS };
  const answered = await readOpened(ledger, 'record:ReadCorrections', proposal);
  return ReadCorrectionsOutput.parse(answered).corrections;
}

async function represent(actions: readonly Action[] | 'all', classes: unknown): Promise<void> {
  const wants = [{ action: 'represent' as const, recordClass: 'basics' as const }];
  const attestation = await attest(ledger, patient, { patientId: PATIENT_ID, wants }, NOON_MS);
  const named = { representativeId: guardian.subjectId, kind: 'proxy', saltHex: SALT_HEX };
  const input = { ...named, scope: { classes, actions }, fromMs: NOON_MS, untilMs: null };
  const call = { identity: patient, input, attestation, nowMs: NOON_MS };
  await ledger.submit('access:SetRepresentative', call);
}

describe('asking for a correction', () => {
  it('is done by the patient; who wrote the record sees it, and the answer is seen by the patient', async () => {
    expect(await ask()).toEqual({ status: 'changed' });
    const open = { correctionId, recordId: record.recordId, version: 1, text: TEXT, answer: null };
    for (const reader of [patient, doctor, nurse]) {
      expect(await seenBy(reader)).toMatchObject([{ ...open, mspId: HOSPITAL }]);
    }
    await amend();
    await answer(doctor, CORRECTED);
    const given = { ...CORRECTED, answeredBy: doctor.subjectId, atMs: NOON_MS };
    expect(await seenBy(patient)).toMatchObject([{ ...open, answer: given }]);
  });

  it('is sent twice and counts once; the same id for something else is a conflict', async () => {
    await ask();
    expect(await ask()).toEqual({ status: 'unchanged' });
    await expect(ask(patient, { text: 'Something else.' })).rejects.toThrow('conflict: ');
    expect(await seenBy(patient)).toHaveLength(1);
  });

  it('is done by a representative in whose scope it is, and by no other', async () => {
    await expect(ask(guardian)).rejects.toThrow('access_denied: ');
    await represent(['read'], 'all');
    await expect(ask(guardian)).rejects.toThrow('access_denied: ');
    await represent(['read', 'correct'], ['medication']);
    await expect(ask(guardian)).rejects.toThrow('access_denied: ');
    await represent(['read', 'correct'], ['condition']);
    await ask(guardian);
    expect(await seenBy(guardian)).toMatchObject([{ askedBy: guardian.subjectId }]);
  });

  it.each<[string, Identity]>([
    ['a treating doctor', doctor],
    ['a treating nurse', nurse],
    ['another patient', PEOPLE.otherPatient],
    ['an administrator', PEOPLE.administrator],
    ['a medic', PEOPLE.medic],
    ['a laboratory', PEOPLE.laboratory],
    ['an insurer', PEOPLE.agent],
  ])('is refused to %s', async (_who, identity) => {
    await expect(ask(identity)).rejects.toThrow('access_denied: ');
    expect(await seenBy(patient)).toEqual([]);
  });

  it('names a record that is there, in its latest version', async () => {
    const other = writeOf({ recordClass: 'condition', resource: CONDITION });
    await expect(ask(patient, {}, other)).rejects.toThrow('not_found: ');
    await expect(ask(patient, { recordId: newId() })).rejects.toThrow('not_found: ');
    await expect(ask(patient, { version: 2 })).rejects.toThrow('precondition_failed: ');
    await amend({ resource: null });
    await expect(ask(patient, { version: 2 })).rejects.toThrow('not_found: ');
  });

  it('goes by an attestation about this patient and this right', async () => {
    const input = { version: 1, text: TEXT };
    const name = 'record:RequestCorrection';
    const read = endorse(name, patient, input, { action: 'read' });
    await expect(read).rejects.toThrow('access_denied: ');
    const about = { patientId: OTHER_PATIENT_ID };
    await expect(endorse(name, patient, input, about)).rejects.toThrow('bad_attestation: ');
    const { recordClass, recordId } = record;
    const named = { patientId: PATIENT_ID, correctionId, recordClass, recordId, ...input };
    const bare = { identity: patient, input: { ...named, saltHex: SALT_HEX }, nowMs: NOON_MS };
    await expect(ledger.submit(name, bare)).rejects.toThrow('bad_attestation: ');
  });

  it('needs words, and not a book', async () => {
    for (const text of ['', ' \n ', 'x'.repeat(MAX_CORRECTION_TEXT + 1)]) {
      await expect(ask(patient, { text })).rejects.toThrow('invalid_input: ');
    }
  });

  it('ends at so many open requests about a record', async () => {
    for (let count = 0; count < MAX_OPEN_CORRECTIONS; count += 1) {
      await ask(patient, { correctionId: newId() });
    }
    await expect(ask()).rejects.toThrow('too_costly: ');
  });
});

describe('answering', () => {
  beforeEach(() => ask());

  it('refuses with a reason', async () => {
    await answer(nurse, REFUSED);
    expect(await seenBy(patient)).toMatchObject([{ answer: REFUSED }]);
  });

  it('happens once', async () => {
    const both = await Promise.all(
      [doctor, nurse].map((identity) =>
        endorse('record:AnswerCorrection', identity, { ...REFUSED, entryId: newId() }),
      ),
    );
    expect(both.map((each) => ledger.commit(each))).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    await expect(answer(doctor, REFUSED)).rejects.toThrow('not_found: ');
  });

  it.each<[string, object]>([
    ['both', { correctedIn: 2, refusal: 'No.' }],
    ['neither', { correctedIn: null, refusal: null }],
    ['no words', { correctedIn: null, refusal: '' }],
  ])('is one of the two: not %s', async (_what, outcome) => {
    await amend();
    await expect(answer(doctor, outcome)).rejects.toThrow('invalid_input: ');
  });

  it('names a later version that is there', async () => {
    for (const correctedIn of [1, 2]) {
      const early = answer(doctor, { correctedIn, refusal: null });
      await expect(early).rejects.toThrow('conflict: ');
    }
    await amend({ resource: null });
    await answer(doctor, CORRECTED);
    expect(await seenBy(patient)).toMatchObject([{ answer: CORRECTED }]);
  });

  it('is for the organization that wrote what is wrong, also after another amended it', async () => {
    await expect(answer(clinicDoctor, REFUSED)).rejects.toThrow('access_denied: ');
    expect(await seenBy(clinicDoctor)).toEqual([]);
    await writeRecords(ledger, clinicDoctor, [{ ...record, ifVersion: 1 }]);
    await expect(answer(clinicDoctor, CORRECTED)).rejects.toThrow('access_denied: ');
    await answer(doctor, CORRECTED);
  });

  it.each<[string, Identity]>([
    ['the patient', patient],
    ['an administrator', PEOPLE.administrator],
    ['a laboratory', PEOPLE.laboratory],
    ['an insurer', PEOPLE.agent],
    ['a medic', PEOPLE.medic],
    ['a doctor who does not treat', { ...doctor, subjectId: newId() }],
  ])('is refused to %s', async (_who, identity) => {
    await expect(answer(identity, REFUSED)).rejects.toThrow('access_denied: ');
    expect(await seenBy(patient)).toMatchObject([{ answer: null }]);
  });

  it('is refused when no such request is open about this record', async () => {
    correctionId = newId();
    await expect(answer(doctor, REFUSED)).rejects.toThrow('not_found: ');
  });
});

describe('requests for correction', () => {
  it('are read with an open chart only, as far as the record itself', async () => {
    await ask();
    const input = { patientId: PATIENT_ID, permitId: newId() };
    const closed = { identity: doctor, input, nowMs: NOON_MS };
    await expect(ledger.evaluate('record:ReadCorrections', closed)).rejects.toThrow('chart_closed');
    const about = { patientId: PATIENT_ID, classes: ['medication' as const] };
    const permitId = await openChart(ledger, doctor, about, NOON_MS);
    const narrow = { ...closed, input: { ...input, permitId } };
    const answered = await ledger.evaluate('record:ReadCorrections', narrow);
    expect(answered).toEqual({ corrections: [] });
    for (const identity of [PEOPLE.administrator, PEOPLE.agent, PEOPLE.medic]) {
      const denied = ledger.evaluate('record:ReadCorrections', { ...narrow, identity });
      await expect(denied).rejects.toThrow('access_denied: ');
    }
  });

  it('are entries of the log: who asked, who answered, when, about which class; nothing is read with them', async () => {
    await ask();
    const entryId = newId();
    await submit('record:AnswerCorrection', doctor, { ...REFUSED, entryId });
    const period = { fromMs: 0, toMs: NOON_MS + HOUR_MS, pageSize: 50 };
    const input = { patientId: PATIENT_ID, ...period };
    const log = await ledger.evaluate('access:List', { identity: patient, input, nowMs: NOON_MS });
    const { entries } = ListAccessOutput.parse(log);
    const classes = [{ recordClass: 'condition', outcome: 'permit' }];
    expect(entries).toHaveLength(2);
    expect(entries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ subjectId: PATIENT_ID, correction: 'asked' }),
        expect.objectContaining({ subjectId: doctor.subjectId, correction: 'answered' }),
      ]),
    );
    for (const each of entries) expect(each).toMatchObject({ classes, atMs: NOON_MS });
    const misuse = { patientId: PATIENT_ID, permitId: entryId, pageSize: 1 };
    const call = { identity: doctor, input: misuse, nowMs: NOON_MS };
    await expect(ledger.evaluate('record:Read', call)).rejects.toThrow('chart_closed: ');
  });

  it('share no key with the visit, nor request with answer, and say nothing in public', async () => {
    const asking = await endorse('record:RequestCorrection', patient, { version: 1, text: TEXT });
    ledger.commit(asking);
    const outcome = { ...REFUSED, entryId: newId() };
    const answering = await endorse('record:AnswerCorrection', doctor, outcome);
    ledger.commit(answering);
    const keysOf = ({ stub }: Endorsement): string[] => [
      ...stub.reads.keys(),
      ...stub.privateWrites.keys(),
    ];
    const first = keysOf(asking);
    expect(first.length).toBeGreaterThan(2);
    expect(keysOf(answering).filter((key) => first.includes(key))).toEqual([]);
    for (const key of [...first, ...keysOf(answering)]) {
      expect(key).not.toContain(record.recordId);
      expect(key).toMatch(/correction|access/);
    }
    for (const { stub, result } of [asking, answering]) {
      expect(stub.publicWrites.size).toBe(0);
      expect(result).toBe('{"status":"changed"}');
    }
  });

  it('are hidden with a record that a label hides from the reader', async () => {
    const young = writeOf({ recordClass: 'condition', resource: CONDITION, labels: ['V'] });
    await writeRecords(ledger, doctor, [young]);
    await ask(patient, {}, young);
    await represent('all', 'all');
    expect(await seenBy(nurse)).toEqual([]);
    expect(await seenBy(guardian)).toEqual([]);
    correctionId = newId();
    await expect(ask(guardian, {}, young)).rejects.toThrow('not_found: ');
    expect(await seenBy(doctor)).toHaveLength(1);
  });
});

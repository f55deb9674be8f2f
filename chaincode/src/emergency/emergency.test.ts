import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type EmergencyIntent,
  ListAccessOutput,
  ReadOnIntentOutput,
  ReportOutput,
  ReviewsOutput,
  SUMMARY_CLASSES,
} from '@pulseledger/domain';
import type { FunctionName } from '../access/rules.ts';
import { attest, openChart } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOSPITAL,
  HOUR_MS,
  idOf,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  SALT_HEX,
} from '../testing/story.ts';

const { medic, patient, administrator, clinicAdministrator } = PEOPLE;
const EMERGENCY = { reasonCode: 'unconscious', text: 'found on the street' } as const;
const TOKEN = 'wristband-token-of-the-patient';
const API: Identity = { mspId: CLINIC, role: 'api' };
const PERIOD = { fromMs: 0, toMs: NOON_MS + 24 * HOUR_MS };

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
});

function evaluate(name: FunctionName, identity: Identity, input: object, more: object = {}) {
  return ledger.evaluate(name, { identity, input, nowMs: NOON_MS, ...more });
}

async function attested(
  name: FunctionName,
  identity: Identity,
  action: 'register' | 'share',
  input: object,
): Promise<unknown> {
  const about = { patientId: PATIENT_ID, wants: [{ action, recordClass: 'basics' as const }] };
  const attestation = await attest(ledger, identity, about, NOON_MS);
  return ledger.submit(name, { identity, input, attestation, nowMs: NOON_MS });
}

function breakGlass(identity: Identity = medic, nowMs = NOON_MS): Promise<string> {
  return openChart(ledger, identity, { patientId: PATIENT_ID, emergency: EMERGENCY }, nowMs);
}

function readBasics(permitId: string, identity: Identity = medic, nowMs = NOON_MS) {
  const input = { patientId: PATIENT_ID, permitId };
  return ledger.evaluate('care:ReadPatient', { identity, input, nowMs });
}

async function accounting(): Promise<ListAccessOutput['entries']> {
  const input = { patientId: PATIENT_ID, ...PERIOD, pageSize: 10 };
  return ListAccessOutput.parse(await evaluate('access:List', patient, input)).entries;
}

describe('finding the patient', () => {
  it('works by the wristband, while it is worn', async () => {
    const tokenDigestHex = createHash('sha256').update(TOKEN).digest('hex');
    const input = { tokenDigestHex, untilMs: NOON_MS + HOUR_MS, saltHex: SALT_HEX };
    expect(await attested('emergency:SetWristband', PEOPLE.nurse, 'register', input)).toEqual({
      status: 'changed',
    });
    expect(await evaluate('emergency:Find', medic, { token: TOKEN })).toEqual({
      patients: [{ patientId: PATIENT_ID, given: null, gender: null }],
    });
    const nobody = { patients: [] };
    expect(await evaluate('emergency:Find', medic, { token: `${TOKEN}2` })).toEqual(nobody);
    const later = { nowMs: NOON_MS + HOUR_MS };
    expect(await evaluate('emergency:Find', medic, { token: TOKEN }, later)).toEqual(nobody);
  });

  it('works by two identifiers, whatever the case and the accents, and by no single one', async () => {
    const found = { patients: [{ patientId: PATIENT_ID, given: ['G.'], gender: 'unknown' }] };
    for (const family of ['Mejía', 'MEJIA ']) {
      const input = { family, birthDate: '1980-02-29' };
      expect(await evaluate('emergency:Find', medic, input)).toEqual(found);
    }
    const wrong = { family: 'Mejía', birthDate: '1980-03-01' };
    expect(await evaluate('emergency:Find', medic, wrong)).toEqual({ patients: [] });
    const one = evaluate('emergency:Find', medic, { family: 'Mejía' });
    await expect(one).rejects.toThrow('invalid_input: ');
  });

  it('does not hand a wristband over to another patient', async () => {
    const input = { tokenDigestHex: 'ab'.repeat(32), untilMs: null, saltHex: SALT_HEX };
    await attested('emergency:SetWristband', administrator, 'register', input);
    const about = {
      patientId: OTHER_PATIENT_ID,
      wants: [{ action: 'register' as const, recordClass: 'basics' as const }],
    };
    const attestation = await attest(ledger, administrator, about, NOON_MS);
    const proposal = { identity: administrator, input, attestation, nowMs: NOON_MS };
    const call = ledger.submit('emergency:SetWristband', proposal);
    await expect(call).rejects.toThrow('conflict: ');
  });
});

describe('breaking the glass', () => {
  it('opens the summary for half an hour, and tells patient and supervisor', async () => {
    const permitId = await breakGlass();
    expect(await readBasics(permitId)).toMatchObject({ patientId: PATIENT_ID });
    const end = readBasics(permitId, medic, NOON_MS + 30 * MINUTE_MS);
    await expect(end).rejects.toThrow('chart_closed: ');
    const [entry] = await accounting();
    expect(entry).toMatchObject({
      ...{ permitId, subjectId: medic.subjectId, mspId: CLINIC, purpose: 'BTG' },
      ...{ emergency: EMERGENCY, committedLateAtMs: null },
    });
    const permitted = entry?.classes.filter(({ outcome }) => outcome === 'permit');
    expect(new Set(permitted?.map(({ recordClass }) => recordClass))).toEqual(
      new Set(SUMMARY_CLASSES),
    );
    const { reviews } = ReviewsOutput.parse(
      await evaluate('emergency:Reviews', clinicAdministrator, PERIOD),
    );
    expect(reviews).toMatchObject([{ permitId, emergency: EMERGENCY, verdict: null }]);
    expect(JSON.stringify(reviews)).not.toContain(PATIENT_ID);
    const elsewhere = await evaluate('emergency:Reviews', administrator, PERIOD);
    expect(elsewhere).toEqual({ reviews: [], isWhole: true });
  });

  it('needs a stated reason, and the role', async () => {
    const about = { patientId: PATIENT_ID };
    const without = await openChart(ledger, medic, about, NOON_MS);
    await expect(readBasics(without)).rejects.toThrow('access_denied: ');
    const doctor = await breakGlass(PEOPLE.doctor);
    await expect(readBasics(doctor, PEOPLE.doctor)).rejects.toThrow('access_denied: ');
  });

  it('is refused to who opted out, on record and at once, and can be allowed again', async () => {
    const before = await breakGlass();
    const choose = (optOut: boolean) =>
      attested('emergency:SetChoice', patient, 'share', { optOut, saltHex: SALT_HEX });
    await choose(true);
    await expect(readBasics(before)).rejects.toThrow('access_denied: ');
    const refused = await breakGlass();
    await expect(readBasics(refused)).rejects.toThrow('access_denied: ');
    const entry = (await accounting()).find(({ permitId }) => permitId === refused);
    expect(entry?.classes[0]).toMatchObject({ outcome: 'deny', reason: 'emergency_opt_out' });
    await choose(false);
    expect(await readBasics(await breakGlass())).toBeDefined();
  });
});

describe('the review', () => {
  const review = (permitId: string, identity: Identity = clinicAdministrator) => {
    const input = { permitId, verdict: 'unjustified', text: 'no emergency', saltHex: SALT_HEX };
    return ledger.submit('emergency:Review', { identity, input, nowMs: NOON_MS + HOUR_MS });
  };

  it('ends in a verdict that the patient sees', async () => {
    const permitId = await breakGlass();
    await review(permitId);
    expect(await accounting()).toMatchObject([{ permitId, verdict: 'unjustified' }]);
    const { reviews } = ReviewsOutput.parse(
      await evaluate('emergency:Reviews', clinicAdministrator, PERIOD),
    );
    expect(reviews).toMatchObject([{ verdict: 'unjustified' }]);
  });

  it('is for a supervisor of the same organization, and never for oneself', async () => {
    const permitId = await breakGlass();
    await expect(review(permitId, administrator)).rejects.toThrow('not_found: ');
    const self: Identity = { ...clinicAdministrator, subjectId: medic.subjectId };
    await expect(review(permitId, self)).rejects.toThrow('access_denied: ');
    await expect(review(permitId, medic)).rejects.toThrow('access_denied: ');
  });

  it('finds who does it again and again', async () => {
    const other: Identity = { ...medic, subjectId: idOf('another medic') };
    const first = await breakGlass();
    await breakGlass();
    await breakGlass();
    await breakGlass(other);
    await review(first);
    const report = await evaluate('emergency:Report', clinicAdministrator, PERIOD);
    expect(ReportOutput.parse(report).medics).toEqual([
      {
        ...{ medicId: medic.subjectId, accesses: 3, unreviewed: 2, unjustified: 1 },
        isRepeated: true,
      },
      {
        ...{ medicId: other.subjectId, accesses: 1, unreviewed: 1, unjustified: 0 },
        isRepeated: false,
      },
    ]);
  });
});

describe('reading on an intent, while nothing can be ordered', () => {
  const intent: EmergencyIntent = {
    permitId: idOf('intent'),
    patientId: PATIENT_ID,
    medicId: medic.subjectId,
    purpose: 'BTG',
    recordClasses: ['basics', 'note'],
    emergency: EMERGENCY,
    atMs: NOON_MS,
    saltHex: SALT_HEX,
  };
  const read = (more: object = {}, identity: Identity = API, nowMs = NOON_MS) =>
    ledger.evaluate('care:ReadPatient', {
      ...{ identity, nowMs, intent: { ...intent, ...more } },
      input: { patientId: PATIENT_ID, permitId: intent.permitId },
    });

  it('shows to the API what the medic may see, and is entered later, marked so', async () => {
    const opened = ReadOnIntentOutput.parse(await evaluate('emergency:ReadOnIntent', API, intent));
    expect(opened.classes).toEqual([
      { recordClass: 'basics', outcome: 'permit', reason: 'emergency' },
      { recordClass: 'note', outcome: 'deny', reason: 'not_permitted' },
    ]);
    expect(await read()).toMatchObject({ patientId: PATIENT_ID });
    expect(await accounting()).toEqual([]);
    const nowMs = NOON_MS + HOUR_MS;
    const input = { intent, classes: opened.classes };
    const commit = () => ledger.submit('emergency:CommitIntent', { identity: API, input, nowMs });
    expect(await commit()).toEqual({ status: 'changed' });
    expect(await commit()).toEqual({ status: 'unchanged' });
    const entry = { permitId: intent.permitId, subjectId: medic.subjectId, mspId: CLINIC };
    expect(await accounting()).toMatchObject([{ ...entry, committedLateAtMs: nowMs }]);
    const reviews = await evaluate('emergency:Reviews', clinicAdministrator, PERIOD);
    expect(reviews).toMatchObject({ reviews: [{ committedLateAtMs: nowMs }] });
  });

  it('is of this moment, this patient and this permit', async () => {
    await expect(read({}, API, NOON_MS + 30 * MINUTE_MS)).rejects.toThrow('chart_closed: ');
    await expect(read({}, API, NOON_MS - 10_000)).rejects.toThrow('chart_closed: ');
    await expect(read({ patientId: OTHER_PATIENT_ID })).rejects.toThrow('chart_closed: ');
    await expect(read({ permitId: idOf('another') })).rejects.toThrow('chart_closed: ');
    await expect(read({ recordClasses: ['vitals'] })).rejects.toThrow('access_denied: ');
    await expect(read({ purpose: 'TREAT' })).rejects.toThrow('access_denied: ');
  });

  it('does nothing for anybody but the API of a provider', async () => {
    await expect(read({}, medic)).rejects.toThrow('chart_closed: ');
    const insurersApi: Identity = { mspId: 'InsurerMSP', role: 'api' };
    await expect(read({}, insurersApi)).rejects.toThrow('access_denied: ');
    const late = evaluate('emergency:ReadOnIntent', { mspId: HOSPITAL, role: 'ingest' }, intent);
    await expect(late).rejects.toThrow('access_denied: ');
  });

  it('does not break an opt-out', async () => {
    const input = { optOut: true, saltHex: SALT_HEX };
    await attested('emergency:SetChoice', patient, 'share', input);
    await expect(read()).rejects.toThrow('access_denied: ');
  });
});

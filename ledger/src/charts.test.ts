import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CHART_CLASSES, Claims, canonicalJson, PERMIT_LIFE_MS } from '@pulseledger/domain';
import { issueUser } from '@pulseledger/network/identity';
import { AccessClient } from './access-client.ts';
import { purposeOf, roleOf } from './caller-role.ts';
import { LedgerConnection } from './connection.ts';
import { PermitCache } from './permit-cache.ts';
import { RecordClient } from './record-client.ts';
import { type CertifiedKey, createSignatory, fixedSignatory } from './signatory.ts';
import { hospitalKeys, PROFILE } from './testing/identities.ts';
import {
  type ScriptedFault,
  ScriptedGateway,
  type SeenProposal,
} from './testing/scripted-gateway.ts';

const patientId = 'b2'.repeat(16);
const RANGE = { patientId, fromMs: 0, toMs: 10, pageSize: 5 };

let doctor: CertifiedKey;
beforeAll(async () => {
  const { issuingCa } = await hospitalKeys();
  const issued = issueUser({
    ...{ issuer: issuingCa, role: 'doctor', subjectCommitment: 'c0ffee', minutes: 15 },
  });
  const subject = { id: 'd0'.repeat(16), saltHex: '5a'.repeat(16) };
  doctor = { mspId: 'HospitalMSP', ...issued, subject };
});

let gateway: ScriptedGateway;
let connection: LedgerConnection;
let record: RecordClient;
let permits: PermitCache;

/** Answers as the contract would, with every wanted class permitted but notes. */
function attest({ transient }: SeenProposal, isTreating = true): object {
  const { attesterMspId, question } = JSON.parse(transient.get('input') ?? '') as {
    attesterMspId: string;
    question: { wants: { action: 'read'; recordClass: string }[]; atMs: number; nonceHex: string };
  };
  const { atMs, nonceHex, wants } = question;
  const claims = {
    ...{ v: 1, kind: 'access', subjectId: doctor.subject?.id, role: 'doctor' },
    ...{ mspId: 'HospitalMSP', patientId, shareId: null, purpose: 'TREAT', atMs, nonceHex },
    expiresAtMs: atMs + 60_000,
    decisions: wants.map((want) => {
      const denied = want.recordClass === 'note' || !isTreating;
      const decision = { outcome: denied ? 'deny' : 'permit', reason: 'treating' };
      return { ...want, labels: [], ...decision };
    }),
    ...{ shares: [], orders: [], authorGroups: [], emergency: null, tests: [] },
    ...{ corrects: null },
  };
  const signature = `${(attesterMspId === 'HospitalMSP' ? 'H' : 'C').repeat(86)}==`;
  return { claims: canonicalJson(claims), mspId: attesterMspId, signature };
}

beforeEach(async () => {
  gateway = new ScriptedGateway();
  await gateway.start();
  gateway.evaluating = (proposal) =>
    proposal.name === 'access:Attest' ? attest(proposal) : { chunks: [], rows: [] };
  connection = new LedgerConnection({
    ...{ profile: PROFILE, organization: 'hospital' },
    newClient: () => gateway.newClient(),
  });
  permits = new PermitCache();
  record = clientOfDoctor();
});

afterEach(() => {
  connection.close();
  gateway.stop();
});

function clientOfDoctor(): RecordClient {
  const signatories = fixedSignatory(createSignatory(doctor));
  return new RecordClient({ connection, signatories, permits });
}

function refusal(code: string): ScriptedFault {
  return { code: status.UNKNOWN, message: `chaincode response 500, ${code}: No.` };
}

/** Classes that were asked for in an attestation. */
function wantsOf(proposal: SeenProposal | undefined): string[] {
  const { question } = JSON.parse(proposal?.transient.get('input') ?? '') as {
    question: { wants: { recordClass: string }[] };
  };
  return question.wants.map(({ recordClass }) => recordClass);
}

function named(name: string): SeenProposal[] {
  return [...gateway.evaluated, ...gateway.endorsed].filter((seen) => seen.name === name);
}

describe('opening a chart', () => {
  it('asks each provider, and submits what both signed', async () => {
    const access = new AccessClient(record.calls);
    const chart = await access.openChart({ patientId, recordClasses: ['vitals', 'note'] });
    const asked = named('access:Attest').map(({ organizations }) => organizations);
    expect(asked.sort()).toEqual([['ClinicMSP'], ['HospitalMSP']]);
    const [opening] = named('access:OpenChart');
    expect(opening?.organizations).toEqual(['HospitalMSP', 'ClinicMSP']);
    const input = JSON.parse(opening?.transient.get('input') ?? '') as object;
    expect(input).toMatchObject({ permitId: chart.permitId });
    const { claims, signatures } = JSON.parse(opening?.transient.get('attestation') ?? '') as {
      claims: string;
      signatures: object;
    };
    expect(signatures).toEqual({
      HospitalMSP: `${'H'.repeat(86)}==`,
      ClinicMSP: `${'C'.repeat(86)}==`,
    });
    const { atMs, purpose } = Claims.parse(JSON.parse(claims));
    expect(purpose).toBe('TREAT');
    expect(chart).toMatchObject({ recordClasses: ['vitals'], untilMs: atMs + PERMIT_LIFE_MS });
  });

  it('is done in one batch for several patients', async () => {
    const access = new AccessClient(record.calls);
    const other = { patientId: 'c3'.repeat(16), recordClasses: ['vitals'] as const };
    const charts = await access.openCharts([{ patientId, recordClasses: ['vitals'] }, other]);
    expect(new Set(charts.map(({ permitId }) => permitId)).size).toBe(2);
    expect(named('access:OpenChart')).toHaveLength(2);
  });

  it('fails when the organizations go on deciding differently', async () => {
    gateway.evaluating = (proposal) => {
      const answer = attest(proposal) as { mspId: string; claims: string };
      return answer.mspId === 'ClinicMSP' ? { ...answer, claims: '{}' } : answer;
    };
    await expect(record.readChunks(RANGE)).rejects.toMatchObject({ code: 'conflict' });
    expect(gateway.submitted).toEqual([]);
  });
});

describe('reading', () => {
  it('opens the chart once for a class, also when asked side by side, and by other clients', async () => {
    await Promise.all([record.readChunks(RANGE), record.readChunks(RANGE)]);
    await clientOfDoctor().readChunks(RANGE);
    expect(named('access:OpenChart')).toHaveLength(1);
    const used = named('vitals:ReadChunks').map(({ transient }) => transient.get('input'));
    expect(new Set(used).size).toBe(1);
    const input = JSON.parse(named('access:OpenChart')[0]?.transient.get('input') ?? '') as {
      permitId: string;
    };
    expect(JSON.parse(used[0] ?? '')).toMatchObject({ permitId: input.permitId });
  });

  it('opens the whole chart, so that whatever else is read of it makes no further entry', async () => {
    await Promise.all([record.readChunks(RANGE), record.readMinutes(RANGE)]);
    const wanted = [...CHART_CLASSES];
    const open = await record.calls.charts.permits({ patientId }, wanted);
    expect(open.size).toBe(wanted.length - 1);
    expect(named('access:OpenChart')).toHaveLength(1);
    expect(wantsOf(named('access:Attest')[0]).sort()).toEqual(wanted.sort());
  });

  it('opens psychotherapy notes only for who asks for them', async () => {
    await record.readChunks(RANGE);
    await record.calls.charts.permits({ patientId }, ['psychotherapy-note']);
    expect(named('access:OpenChart')).toHaveLength(2);
    expect(wantsOf(named('access:Attest').at(-1))).toEqual(['psychotherapy-note']);
  });

  it('opens all of a share that it covers, and nothing else of it', async () => {
    const shareId = '5e'.repeat(16);
    await record.calls.charts.permits({ shareId }, ['vitals']);
    await record.calls.charts.permits({ shareId }, ['result']);
    expect(named('access:OpenChart')).toHaveLength(1);
    const opened = wantsOf(named('access:Attest').at(-1));
    expect(opened.sort()).toEqual(CHART_CLASSES.filter((one) => one !== 'note').sort());
  });

  it('finds the same permit in every instance of a function', async () => {
    const permitKey = () => Promise.resolve(new Uint8Array(32).fill(7));
    const instances = [1, 2].map(() => {
      const signatories = fixedSignatory(createSignatory(doctor));
      return new RecordClient({ connection, signatories, permitKey });
    });
    await instances[0]?.readChunks(RANGE);
    const { code, message } = refusal('conflict');
    const details = ['HospitalMSP', 'ClinicMSP'].map((mspId) => ({ mspId, message }));
    gateway.endorse.push({ code, message, details });
    await instances[1]?.readChunks(RANGE);
    const [first, second] = named('vitals:ReadChunks').map(({ transient }) =>
      transient.get('input'),
    );
    expect(second).toBe(first);
    expect(gateway.submitted).toHaveLength(1);
  });

  it('enters a try that is refused though the chart was open', async () => {
    let nowMs = Date.now();
    permits = new PermitCache(() => nowMs);
    record = clientOfDoctor();
    await record.readChunks(RANGE);
    gateway.evaluating = (proposal) =>
      proposal.name === 'access:Attest' ? attest(proposal, false) : refusal('access_denied');
    for (const entries of [2, 2, 3]) {
      await expect(record.readChunks(RANGE)).rejects.toMatchObject({ code: 'access_denied' });
      expect(named('access:OpenChart')).toHaveLength(entries);
      // Tries of one moment are one.
      if (entries === 2) nowMs += 3_000;
    }
  });

  it('uses the permit that it is given', async () => {
    await record.readChunks({ ...RANGE, permitId: 'a1'.repeat(16) });
    expect(gateway.endorsed).toEqual([]);
  });

  it('opens a chart anew that the ledger says is closed, once', async () => {
    let closed = 1;
    gateway.evaluating = (proposal) => {
      if (proposal.name === 'access:Attest') return attest(proposal);
      closed -= 1;
      return closed < 0 ? { chunks: [] } : refusal('chart_closed');
    };
    expect(await record.readChunks(RANGE)).toEqual({ chunks: [] });
    expect(named('access:OpenChart')).toHaveLength(2);
    closed = 2;
    await expect(record.readChunks(RANGE)).rejects.toMatchObject({ code: 'chart_closed' });
    expect(named('access:OpenChart')).toHaveLength(3);
  });

  it('enters each refused try anew', async () => {
    gateway.evaluating = (proposal) =>
      proposal.name === 'access:Attest' ? attest(proposal) : refusal('access_denied');
    for (const tries of [1, 2]) {
      await expect(record.readChunks(RANGE)).rejects.toMatchObject({ code: 'access_denied' });
      expect(named('access:OpenChart')).toHaveLength(tries);
    }
  });
});

describe('the role of a caller', () => {
  it('is read from the certificate, and tells the usual purpose', () => {
    expect(roleOf(createSignatory(doctor))).toBe('doctor');
    const purposes = [
      'doctor',
      'patient',
      'insurance-agent',
      'emergency-medic',
      undefined,
    ] as const;
    expect(purposes.map((role) => purposeOf(role))).toEqual([
      'TREAT',
      'PATRQT',
      'HPAYMT',
      'BTG',
      'TREAT',
    ]);
  });
});

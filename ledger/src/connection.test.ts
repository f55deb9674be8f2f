import { status } from '@grpc/grpc-js';
import type { GrpcClient } from '@hyperledger/fabric-gateway';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LedgerConnection } from './connection.ts';
import { Evaluator } from './evaluator.ts';
import { type CertifiedKey, createSignatory, fixedSignatory } from './signatory.ts';
import { hospitalKeys, PROFILE } from './testing/identities.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';

let keys: { issuingCa: CertifiedKey; ingest: CertifiedKey };
let gateway: ScriptedGateway;
let nowMs: number;
let made: { client: GrpcClient; closed: boolean }[];
let connection: LedgerConnection;

beforeAll(async () => {
  keys = await hospitalKeys();
});

beforeEach(async () => {
  gateway = new ScriptedGateway();
  gateway.result = Buffer.from('answer');
  await gateway.start();
  nowMs = 1_000_000;
  made = [];
  connection = new LedgerConnection({
    profile: PROFILE,
    organization: 'hospital',
    now: () => nowMs,
    newClient: () => {
      const client = gateway.newClient();
      const entry = { client, closed: false };
      const close = client.close.bind(client);
      client.close = () => {
        entry.closed = true;
        close();
      };
      made.push(entry);
      return client;
    },
  });
});

afterEach(() => {
  connection.close();
  gateway.stop();
});

function evaluator(signatories = fixedSignatory(createSignatory(keys.ingest))) {
  return new Evaluator({
    connection,
    signatories,
    sleep: () => Promise.resolve(),
    random: () => 0.5,
  });
}

function text(bytes: Uint8Array) {
  return Buffer.from(bytes).toString();
}

const ask = { name: 'device:Status', transient: { input: '{}' } };

describe('the connection', () => {
  it('is one client for all identities', async () => {
    await Promise.all([
      evaluator().evaluate(ask),
      evaluator(fixedSignatory(createSignatory(keys.issuingCa))).evaluate(ask),
    ]);
    expect(made).toHaveLength(1);
  });

  it('is made anew after a minute without a call, as after a freeze', async () => {
    await evaluator().evaluate(ask);
    nowMs += 59_000;
    await evaluator().evaluate(ask);
    expect(made).toHaveLength(1);
    nowMs += 61_000;
    await evaluator().evaluate(ask);
    expect(made.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('is made anew after UNAVAILABLE, and the call is tried on the new one', async () => {
    gateway.evaluate.push({ code: status.UNAVAILABLE, message: 'read ECONNRESET' });
    expect(text(await evaluator().evaluate(ask))).toBe('answer');
    expect(made.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('lets calls under way end on the old client', async () => {
    gateway.evaluate.push({ code: status.UNAVAILABLE, message: 'read ECONNRESET' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => evaluator().evaluate(ask).then(text)),
    );
    expect(answers).toEqual(Array(10).fill('answer'));
    expect(made.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('is kept when it is the identity that has expired, not the connection', async () => {
    gateway.evaluate.push({
      code: status.UNAVAILABLE,
      message: 'evaluate call to endorser returned error: proposal client identity expired',
    });
    await expect(evaluator().evaluate(ask)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(made).toHaveLength(1);
  });

  const late = { code: status.DEADLINE_EXCEEDED, message: 'Deadline exceeded' };
  const askThrice = async (): Promise<void> => {
    for (let call = 0; call < 3; call += 1)
      await evaluator()
        .evaluate(ask)
        .catch(() => undefined);
  };

  it('is made anew after three calls in a row without an answer: it may be dead and look ready', async () => {
    gateway.evaluate.push(late, late, late);
    await askThrice();
    expect(text(await evaluator().evaluate(ask))).toBe('answer');
    expect(made.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('is kept when there are answers between the calls without one', async () => {
    gateway.evaluate.push(late, late);
    await askThrice();
    gateway.evaluate.push(late, late);
    await askThrice();
    expect(made).toHaveLength(1);
  });

  it('cannot be used after it is closed', async () => {
    connection.close();
    await expect(evaluator().evaluate(ask)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('an evaluation', () => {
  it("asks the peers of the connection's own organization only", async () => {
    await evaluator().evaluate(ask);
    expect(gateway.evaluated[0]).toMatchObject({
      name: 'device:Status',
      organizations: ['HospitalMSP'],
    });
    expect(gateway.evaluated[0]?.transient.get('input')).toBe('{}');
  });

  it('opens the subject of a person, and of nobody else', async () => {
    const subject = { id: 'a'.repeat(32), saltHex: 'b'.repeat(32) };
    await evaluator(fixedSignatory(createSignatory({ ...keys.ingest, subject }))).evaluate(ask);
    await evaluator().evaluate(ask);
    expect(gateway.evaluated.map((seen) => seen.transient.get('subject'))).toEqual([
      JSON.stringify(subject),
      undefined,
    ]);
  });

  it('signs requests of the same instant in one pass', async () => {
    const signatory = createSignatory(keys.ingest);
    const one = evaluator(fixedSignatory(signatory));
    await Promise.all(Array.from({ length: 20 }, () => one.evaluate(ask)));
    expect(signatory.signing.passes).toBe(1);
  });

  it('is tried three times when the peer is away', async () => {
    const away = { code: status.UNAVAILABLE, message: 'connection refused' };
    gateway.evaluate.push(away, away, away);
    await expect(evaluator().evaluate(ask)).rejects.toMatchObject({ code: 'unavailable' });
    expect(gateway.calls).toHaveLength(3);
  });

  it.each([
    [status.UNKNOWN, 'chaincode response 500, access_denied: No.', 'access_denied'],
    [status.DEADLINE_EXCEEDED, 'evaluate timeout expired', 'timeout'],
  ])('is not tried again after %s %s', async (code, message, expected) => {
    gateway.evaluate.push({ code, message });
    await expect(evaluator().evaluate(ask)).rejects.toMatchObject({ code: expected });
    expect(gateway.calls).toHaveLength(1);
  });

  it('is tried once more with another identity when the ledger refuses the first', async () => {
    const refusal = { code: status.UNAVAILABLE, message: 'proposal client identity expired' };
    gateway.evaluate.push(refusal);
    const source = {
      current: () => Promise.resolve(createSignatory(keys.ingest)),
      afterRefusal: () => Promise.resolve(createSignatory(keys.issuingCa)),
    };
    expect(text(await evaluator(source).evaluate(ask))).toBe('answer');
    gateway.evaluate.push(refusal, refusal);
    await expect(evaluator(source).evaluate(ask)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(gateway.calls).toHaveLength(4);
  });
});

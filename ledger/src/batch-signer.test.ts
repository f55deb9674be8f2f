import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { status } from '@grpc/grpc-js';
import { StatusCode } from '@hyperledger/fabric-gateway';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BatchSigner, MAX_BATCH_TRANSACTIONS } from './batch-signer.ts';
import { LedgerConnection } from './connection.ts';
import type { LedgerTransaction } from './messages.ts';
import { LEDGER_CHANNEL } from './observer.ts';
import { type CertifiedKey, createSignatory, fixedSignatory } from './signatory.ts';
import { hospitalKeys, PROFILE } from './testing/identities.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';

const ENDORSERS = ['HospitalMSP', 'ClinicMSP'];
const COLLECT = 'failed to collect enough transaction endorsements, see attached details';

let keys: { issuingCa: CertifiedKey; ingest: CertifiedKey };
let gateway: ScriptedGateway;
let connection: LedgerConnection;
let waits: number[];
let observed: string[];

beforeAll(async () => {
  keys = await hospitalKeys();
});

beforeEach(async () => {
  gateway = new ScriptedGateway();
  await gateway.start();
  connection = new LedgerConnection({
    profile: PROFILE,
    organization: 'hospital',
    newClient: () => gateway.newClient(),
  });
  waits = [];
  observed = [];
});

afterEach(() => {
  connection.close();
  gateway.stop();
});

function signer(signatories = fixedSignatory(createSignatory(keys.ingest))) {
  return new BatchSigner({
    connection,
    signatories,
    endorsers: ENDORSERS,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    observer: {
      retried: (stage, reason) => observed.push(`retried ${stage} ${reason}`),
      commitUnknown: () => observed.push('unknown'),
      unknownResolved: (as) => observed.push(`resolved ${as}`),
    },
  });
}

function transactions(count: number): LedgerTransaction[] {
  return Array.from({ length: count }, (_, index) => ({
    name: 'vitals:RecordChunks',
    transient: { chunks: Buffer.from(`chunk ${index}`) },
  }));
}

async function submitOne() {
  const [outcome] = await signer().submitAll(transactions(1), { concurrency: 1 });
  return outcome!;
}

/** Both endorsers say the same. */
function endorseFault(message: string) {
  return {
    code: status.ABORTED,
    message: COLLECT,
    details: ENDORSERS.map((mspId) => ({ mspId, message })),
  };
}

describe('the batch signer', () => {
  it('commits many transactions, named organizations endorsing, nothing in public arguments', async () => {
    const outcomes = await signer().submitAll(transactions(20), { concurrency: 8 });
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(20).fill('committed'));
    expect(gateway.valid()).toHaveLength(20);
    expect(gateway.endorsed[0]).toMatchObject({
      name: 'vitals:RecordChunks',
      organizations: ENDORSERS,
    });
    expect(outcomes[3]).toMatchObject({ steps: 3, blockNumber: 7n });
    expect(outcomes.map((outcome) => outcome.transactionId)).toEqual([
      ...new Set(outcomes.map((outcome) => outcome.transactionId)),
    ]);
    expect(waits).toEqual([]);
  });

  it('keeps the order of the outcomes and gives each its own result', async () => {
    gateway.endorse.push(endorseFault('chaincode response 500, not_found: x'));
    const outcomes = await signer().submitAll(transactions(3), { concurrency: 1 });
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['failed', 'committed', 'committed']);
  });

  it('has no more transactions under way than it is told', async () => {
    await signer().submitAll(transactions(30), { concurrency: 4 });
    expect(gateway.mostInFlight).toBeLessThanOrEqual(4);
    expect(gateway.mostInFlight).toBeGreaterThan(1);
  });

  it('has three endorsements under way at most, over all batches', async () => {
    const shared = signer();
    await Promise.all([
      shared.submitAll(transactions(6), { concurrency: 6 }),
      shared.submitAll(transactions(6), { concurrency: 6 }),
    ]);
    expect(gateway.mostAtOnce.get('endorse')).toBe(3);
    expect(gateway.valid()).toHaveLength(12);
  });

  it('signs all proposals of a batch in one pass', async () => {
    const signatory = createSignatory(keys.ingest);
    let passesAtFirstCall = 0;
    gateway.calls.push = (...names: string[]) => {
      if (gateway.calls.length === 0) passesAtFirstCall = signatory.signing.passes;
      return Array.prototype.push.apply(gateway.calls, names);
    };
    await signer(fixedSignatory(signatory)).submitAll(transactions(40), { concurrency: 4 });
    expect(passesAtFirstCall).toBe(1);
  });

  it('refuses a batch that would grow old before its last transaction', async () => {
    const tooMany = transactions(MAX_BATCH_TRANSACTIONS + 1);
    await expect(signer().submitAll(tooMany, { concurrency: 4 })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(gateway.calls).toEqual([]);
  });
});

describe('an endorsement', () => {
  it('without an answer is asked for again with the same proposal', async () => {
    gateway.endorse.push({ code: status.UNAVAILABLE, message: 'connection refused' });
    expect(await submitOne()).toMatchObject({ status: 'committed', steps: 4 });
    expect(new Set(gateway.endorsed.map((seen) => seen.transactionId)).size).toBe(1);
    expect(gateway.endorsed).toHaveLength(2);
    expect(waits).toEqual([100]);
  });

  it('is given up after three tries, and nothing was submitted', async () => {
    const away = { code: status.DEADLINE_EXCEEDED, message: 'endorsement timeout expired' };
    gateway.endorse.push(away, away, away);
    expect(await submitOne()).toMatchObject({ status: 'failed', kind: 'timeout' });
    expect(gateway.submitted).toEqual([]);
  });

  it('that the contract refuses is never tried again', async () => {
    gateway.endorse.push(endorseFault('chaincode response 500, not_found: There is none.'));
    expect(await submitOne()).toMatchObject({
      status: 'failed',
      kind: 'contract',
      error: { code: 'not_found', message: 'There is none.' },
    });
    expect(gateway.calls).toEqual(['endorse']);
  });

  it('on which the peers disagree is tried with a new proposal', async () => {
    gateway.endorse.push({
      code: status.ABORTED,
      message: COLLECT,
      details: [{ mspId: 'ClinicMSP', message: 'ProposalResponsePayloads do not match' }],
    });
    expect(await submitOne()).toMatchObject({ status: 'committed' });
    expect(new Set(gateway.endorsed.map((seen) => seen.transactionId)).size).toBe(2);
  });

  it('refused by one of two organizations only is tried with a new proposal', async () => {
    gateway.endorse.push({
      code: status.ABORTED,
      message: COLLECT,
      details: [{ mspId: 'ClinicMSP', message: 'chaincode response 500, not_found: x' }],
    });
    expect(await submitOne()).toMatchObject({ status: 'committed' });
  });

  it('above the concurrency limit of the peer is asked for again', async () => {
    gateway.endorse.push({
      code: status.UNKNOWN,
      message: 'too many requests for /gateway.Gateway, exceeding concurrency limit (500)',
    });
    expect(await submitOne()).toMatchObject({ status: 'committed' });
  });
});

describe('a submit of unknown fate', () => {
  it('that was ordered is found by its transaction ID, and nothing is submitted twice', async () => {
    gateway.submit.push('unheard');
    const outcome = await submitOne();
    expect(outcome).toMatchObject({ status: 'committed' });
    expect(gateway.submitted).toEqual([outcome.transactionId]);
    expect(gateway.valid()).toEqual([outcome.transactionId]);
    expect(gateway.calls).toEqual(['endorse', 'submit', 'commitStatus']);
    expect(observed).toEqual(['unknown', 'resolved committed']);
  });

  it('that was lost is submitted again, the same envelope', async () => {
    gateway.submit.push('lost');
    const outcome = await submitOne();
    expect(outcome).toMatchObject({ status: 'committed' });
    expect(gateway.calls).toEqual(['endorse', 'submit', 'commitStatus', 'submit', 'commitStatus']);
    expect(gateway.submitted).toEqual([outcome.transactionId, outcome.transactionId]);
    expect(gateway.valid()).toHaveLength(1);
    expect(observed).toEqual(['unknown', 'resolved absent', 'retried commit timeout']);
  });

  it('that stays without any answer ends unknown, with the transaction ID', async () => {
    gateway.submit.push('lost', 'lost', 'lost');
    const outcome = await submitOne();
    expect(outcome).toMatchObject({ status: 'unknown', error: { code: 'commit_unknown' } });
    expect(new Set(gateway.submitted)).toEqual(new Set([outcome.transactionId]));
    expect(gateway.submitted).toHaveLength(3);
  });

  it('is asked about again when the peer is away at that moment', async () => {
    gateway.submit.push('unheard');
    gateway.commitStatus.push({ code: status.UNAVAILABLE, message: 'connection dropped' });
    expect(await submitOne()).toMatchObject({ status: 'committed' });
    expect(gateway.submitted).toHaveLength(1);
    expect(observed).toEqual(['unknown', 'retried commit unreachable', 'resolved committed']);
  });

  it('can be followed from outside, without naming anything', async () => {
    const events: unknown[] = [];
    const follow = (event: unknown) => events.push(event);
    subscribe(LEDGER_CHANNEL, follow);
    gateway.submit.push('unheard');
    await submitOne();
    unsubscribe(LEDGER_CHANNEL, follow);
    expect(events).toEqual([
      { type: 'submitting' },
      { type: 'unknown_commit' },
      { type: 'unknown_resolved', as: 'committed' },
      { type: 'settled', outcome: 'committed' },
    ]);
  });

  it('and invalid in its block after all is resolved as invalid', async () => {
    gateway.submit.push('unheard');
    gateway.verdicts.push(StatusCode.MVCC_READ_CONFLICT);
    expect(await submitOne()).toMatchObject({ status: 'committed' });
    expect(observed).toEqual(['unknown', 'resolved invalid', 'retried commit conflict']);
  });
});

describe('a submit', () => {
  it('that the orderer refuses has failed', async () => {
    gateway.submit.push({
      code: status.ABORTED,
      message: 'received unsuccessful response from orderer: status=BAD_REQUEST, info=bad',
    });
    expect(await submitOne()).toMatchObject({ status: 'failed', kind: 'refused' });
    expect(gateway.calls).toEqual(['endorse', 'submit']);
  });

  it('whose commit is not known when its time is over ends unknown', async () => {
    gateway.commitStatus.push({ code: status.DEADLINE_EXCEEDED, message: 'context deadline' });
    expect(await submitOne()).toMatchObject({ status: 'unknown' });
    expect(gateway.submitted).toHaveLength(1);
    expect(observed).toEqual(['unknown']);
  });
});

describe('a transaction that is invalid in its block', () => {
  it.each([StatusCode.MVCC_READ_CONFLICT, StatusCode.PHANTOM_READ_CONFLICT])(
    'for verdict %s is built anew, with a random wait',
    async (code) => {
      gateway.verdicts.push(code, code);
      expect(await submitOne()).toMatchObject({ status: 'committed' });
      expect(new Set(gateway.submitted).size).toBe(3);
      expect(gateway.valid()).toHaveLength(1);
      expect(waits).toEqual([100, 200]);
      expect(observed).toEqual(Array(2).fill('retried commit conflict'));
    },
  );

  it('for conflicts without end is given up as a conflict', async () => {
    gateway.verdicts.push(...Array<number>(20).fill(StatusCode.MVCC_READ_CONFLICT));
    expect(await submitOne()).toMatchObject({ status: 'failed', kind: 'conflict' });
    expect(gateway.submitted).toHaveLength(8);
  });

  it('for another reason has failed, with the verdict', async () => {
    gateway.verdicts.push(StatusCode.ENDORSEMENT_POLICY_FAILURE);
    expect(await submitOne()).toMatchObject({
      status: 'failed',
      kind: 'invalid',
      error: { details: { validationCode: StatusCode.ENDORSEMENT_POLICY_FAILURE } },
    });
    expect(gateway.submitted).toHaveLength(1);
  });
});

describe('an identity that the ledger refuses', () => {
  const expired = endorseFault('proposal client identity expired');

  it('is replaced once, and only its transactions are tried again', async () => {
    gateway.endorse.push(expired);
    const refusals: string[] = [];
    const outcomes = await signer({
      current: () => Promise.resolve(createSignatory(keys.ingest)),
      afterRefusal: (refused) => {
        refusals.push(refused.mspId);
        return Promise.resolve(createSignatory(keys.issuingCa));
      },
    }).submitAll(transactions(3), { concurrency: 1 });
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(3).fill('committed'));
    expect(refusals).toEqual(['HospitalMSP']);
    expect(gateway.endorsed).toHaveLength(4);
    expect(gateway.valid()).toHaveLength(3);
  });

  it('is reported when there is no other', async () => {
    gateway.endorse.push(expired);
    expect(await submitOne()).toMatchObject({
      status: 'failed',
      kind: 'identity',
      error: { code: 'unauthenticated' },
    });
  });
});

describe('the end of the time given', () => {
  it('before a transaction is begun lets nothing out', async () => {
    const [outcome] = await signer().submitAll(transactions(1), {
      concurrency: 1,
      giveUpAtMs: Date.now() - 1,
    });
    expect(outcome).toMatchObject({ status: 'failed', kind: 'out_of_time' });
    expect(gateway.calls).toEqual([]);
  });

  it('while an endorsement waits for its turn lets it not be called', async () => {
    const startedMs = Date.now();
    const late = new BatchSigner({
      connection,
      signatories: fixedSignatory(createSignatory(keys.ingest)),
      endorsers: ENDORSERS,
      endorsementsAtOnce: 1,
      now: () => (gateway.endorsed.length === 0 ? startedMs : startedMs + 2_000),
    });
    const outcomes = await late.submitAll(transactions(2), {
      concurrency: 2,
      giveUpAtMs: startedMs + 1_000,
    });
    expect(outcomes).toMatchObject([{ kind: 'out_of_time' }, { kind: 'out_of_time' }]);
    expect(gateway.calls).toEqual(['endorse']);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { common, peer, ledger as protos } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NETWORK } from '../../../definition/src/index.ts';
import { openLedger } from '../ledger/open.ts';
import type { CommitResult, Ledger, TxSimulator } from '../ledger/types.ts';
import { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { Signer } from '../msp/signer.ts';
import { newBlock } from '../orderer/block-writer.ts';
import { parsePolicy } from '../policy/parse.ts';
import { policyEnvelope } from '../policy/signature-policy.ts';
import { type TestKeys, testKeys } from '../testing/keys.ts';
import {
  type ProposalOptions,
  proposal,
  type TestProposal,
  type TransactionOptions,
  transaction,
} from '../testing/messages.ts';
import { Committer } from './committer.ts';
import { ValidationCode } from './envelope.ts';
import { Validator } from './validator.ts';

let keys: TestKeys;
let dir: string;
let ledger: Ledger;
let validator: Validator;
let committer: Committer;
let creator: Signer;
let hospital: Signer;
let clinic: Signer;
let insurer: Signer;

beforeAll(async () => {
  keys = await testKeys();
  dir = await mkdtemp(join(tmpdir(), 'devnet-validator-'));
  ledger = await openLedger({
    dir,
    channel: NETWORK.channel,
    organizations: NETWORK.organizations.map((o) => o.mspId),
    namespaces: [NETWORK.chaincode],
    sync: false,
  });
  const definitions = new ChaincodeDefinitions(NETWORK);
  validator = new Validator({ channel: 'records', msps: keys.msps, definitions, ledger });
  committer = new Committer(validator, ledger);
  creator = await keys.ingest('hospital');
  [hospital, clinic, insurer] = await Promise.all([
    keys.peer('hospital'),
    keys.peer('clinic'),
    keys.peer('insurer'),
  ]);
});

afterAll(async () => {
  await ledger.close();
  await rm(dir, { recursive: true });
  await keys.remove();
});

async function simulate(write: (simulator: TxSimulator) => void): Promise<Uint8Array> {
  const simulator = ledger.newSimulator({ mspId: 'HospitalMSP', txId: 'simulation' });
  try {
    write(simulator);
    return simulator.result().publicRwset;
  } finally {
    await simulator.done();
  }
}

function put(key: string, value = 'v'): Promise<Uint8Array> {
  return simulate((s) => {
    s.putState('pulse', key, Buffer.from(value));
  });
}

function commit(...envelopes: readonly Uint8Array[]): Promise<CommitResult> {
  const block = newBlock({ height: ledger.height, lastHash: ledger.lastHash }, envelopes);
  return committer.commit(block);
}

function codes(...envelopes: readonly Uint8Array[]): readonly number[] {
  return validator.validate(
    newBlock({ height: ledger.height, lastHash: ledger.lastHash }, envelopes),
  );
}

const honest = (options: Partial<ProposalOptions> = {}): TestProposal =>
  proposal({ creator, ...options });

async function signed(
  options: Partial<TransactionOptions> = {},
  from: TestProposal = honest(),
): Promise<Uint8Array> {
  const results = options.results ?? (await put('key'));
  return transaction(from, { endorsers: [hospital, clinic], ...options, results });
}

describe('a transaction', () => {
  test('that is endorsed by both providers is valid, and its writes are there', async () => {
    const envelope = await signed({ results: await put('written', 'yes') });
    const { transactions } = await commit(envelope);
    expect(transactions.map((t) => t.code)).toEqual([ValidationCode.VALID]);
    const simulator = ledger.newSimulator({ mspId: 'InsurerMSP', txId: 'reader' });
    expect(Buffer.from(simulator.getState('pulse', 'written') ?? []).toString()).toBe('yes');
    await simulator.done();
  });

  test('endorsed by one of two is invalid, and changes nothing', async () => {
    for (const endorsers of [[hospital], [clinic], [hospital, insurer], []]) {
      const envelope = await signed({ endorsers, results: await put('never') });
      const { transactions } = await commit(envelope);
      expect(transactions[0]?.code).toBe(ValidationCode.ENDORSEMENT_POLICY_FAILURE);
    }
    const simulator = ledger.newSimulator({ mspId: 'HospitalMSP', txId: 'reader' });
    expect(simulator.getState('pulse', 'never')).toBeUndefined();
    await simulator.done();
  });

  test('counts an endorser once, and only peers', async () => {
    const [client, orderer] = [await keys.ingest('clinic'), await keys.orderer('clinic')];
    for (const endorsers of [
      [hospital, hospital],
      [hospital, client],
      [hospital, orderer],
      [hospital, await keys.administrator('clinic')],
    ]) {
      expect(codes(await signed({ endorsers }))).toEqual([
        ValidationCode.ENDORSEMENT_POLICY_FAILURE,
      ]);
    }
    expect(codes(await signed({ endorsers: [hospital, hospital, clinic] }))).toEqual([
      ValidationCode.VALID,
    ]);
  });

  test('with a signature of an endorsement that does not hold is invalid', async () => {
    const endorsement = (message: peer.Endorsement): void => {
      if (Buffer.from(message.getEndorser_asU8()).equals(Buffer.from(clinic.serialized))) {
        message.setSignature(clinic.sign(Buffer.from('something else')));
      }
    };
    expect(codes(await signed({ change: { endorsement } }))).toEqual([
      ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    ]);
  });

  test('that was committed before is a duplicate, in another block or the same one', async () => {
    const envelope = await signed();
    const again = await signed();
    expect(codes(envelope, envelope)).toEqual([
      ValidationCode.VALID,
      ValidationCode.DUPLICATE_TXID,
    ]);
    await commit(envelope);
    expect(codes(envelope, again)).toEqual([ValidationCode.DUPLICATE_TXID, ValidationCode.VALID]);
  });

  test('whose reads are stale is an MVCC conflict, also within a block', async () => {
    const append = (): Promise<Uint8Array> =>
      simulate((s) => {
        s.getState('pulse', 'counter');
        s.putState('pulse', 'counter', Buffer.from('1'));
      });
    const results = await append();
    const { transactions } = await commit(await signed({ results }), await signed({ results }));
    expect(transactions.map((t) => t.code)).toEqual([
      ValidationCode.VALID,
      ValidationCode.MVCC_READ_CONFLICT,
    ]);
    const late = await commit(await signed({ results }), await signed({ results: await append() }));
    expect(late.transactions.map((t) => t.code)).toEqual([
      ValidationCode.MVCC_READ_CONFLICT,
      ValidationCode.VALID,
    ]);
  });
});

/** Changes of an honest transaction, and the code by which Fabric refuses it. */
const REFUSED: readonly [string, () => Promise<Uint8Array>, number][] = [
  [
    'is no envelope',
    () => Promise.resolve(Buffer.from([0xff, 0xff])),
    ValidationCode.INVALID_OTHER_REASON,
  ],
  [
    'has no payload',
    () =>
      signed({
        change: {
          envelope: (e) => {
            e.setPayload(Buffer.from([0xff]));
          },
        },
      }),
    ValidationCode.BAD_PAYLOAD,
  ],
  [
    'has no header',
    () =>
      signed({
        change: {
          envelope: (e) => {
            e.setPayload(new Uint8Array());
          },
        },
      }),
    ValidationCode.BAD_COMMON_HEADER,
  ],
  ['has an epoch', () => signed({}, honest({ epoch: 1 })), ValidationCode.BAD_COMMON_HEADER],
  ['has an unknown type', () => signed({}, honest({ type: 9 })), ValidationCode.BAD_COMMON_HEADER],
  [
    'has no nonce',
    () => signed({}, honest({ nonce: new Uint8Array() })),
    ValidationCode.BAD_COMMON_HEADER,
  ],
  [
    'is signed by somebody else',
    () =>
      signed({
        change: {
          envelope: (e) => {
            e.setSignature(insurer.sign(e.getPayload_asU8()));
          },
        },
      }),
    ValidationCode.BAD_CREATOR_SIGNATURE,
  ],
  [
    'is not signed',
    () =>
      signed({
        change: {
          envelope: (e) => {
            e.setSignature(new Uint8Array());
          },
        },
      }),
    ValidationCode.BAD_CREATOR_SIGNATURE,
  ],
  [
    'is for another channel',
    () => signed({}, honest({ channel: 'other' })),
    ValidationCode.BAD_CREATOR_SIGNATURE,
  ],
  [
    'is a configuration update',
    () => signed({}, honest({ type: common.HeaderType.CONFIG_UPDATE })),
    ValidationCode.UNSUPPORTED_TX_PAYLOAD,
  ],
  [
    'has another id than its own',
    () => signed({}, honest({ txId: 'ab'.repeat(32) })),
    ValidationCode.BAD_PROPOSAL_TXID,
  ],
  [
    'has two actions',
    () => signed({ change: { actions: ([a]) => [a!, a!] } }),
    ValidationCode.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'has no action',
    () => signed({ change: { actions: () => [] } }),
    ValidationCode.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'was endorsed for another proposal',
    () => signed({ change: { proposalHash: Buffer.alloc(32) } }),
    ValidationCode.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'has no read-write set',
    () => signed({ results: Buffer.from([0xff]) }),
    ValidationCode.BAD_RWSET,
  ],
  [
    'names another chaincode',
    () => signed({ chaincode: 'other' }),
    ValidationCode.INVALID_CHAINCODE,
  ],
  ['names no version', () => signed({ version: '' }), ValidationCode.INVALID_CHAINCODE],
  [
    'invokes an unknown chaincode',
    () => signed({ chaincode: 'other' }, honest({ chaincode: 'other' })),
    ValidationCode.INVALID_CHAINCODE,
  ],
  [
    'invokes no chaincode',
    () => signed({ chaincode: '' }, honest({ chaincode: '' })),
    ValidationCode.INVALID_CHAINCODE,
  ],
  [
    'has another chaincode’s event',
    () => signed({ event: eventOf('other') }),
    ValidationCode.INVALID_OTHER_REASON,
  ],
  [
    'writes one namespace twice',
    async () => signed({ results: await doubled() }),
    ValidationCode.ILLEGAL_WRITESET,
  ],
  [
    'writes an unknown namespace',
    () => signed({ results: writesTo('other') }),
    ValidationCode.INVALID_CHAINCODE,
  ],
];

function eventOf(chaincode: string): peer.ChaincodeEvent {
  const event = new peer.ChaincodeEvent();
  event.setChaincodeId(chaincode);
  event.setEventName('happened');
  event.setTxId('id');
  return event;
}

async function doubled(): Promise<Uint8Array> {
  const rwset = protos.rwset.TxReadWriteSet.deserializeBinary(await put('key'));
  const [set] = rwset.getNsRwsetList();
  rwset.setNsRwsetList([set!, set!]);
  return rwset.serializeBinary();
}

function writesTo(namespace: string): Uint8Array {
  const write = new protos.rwset.kvrwset.KVWrite();
  write.setKey('key');
  const kv = new protos.rwset.kvrwset.KVRWSet();
  kv.addWrites(write);
  const set = new protos.rwset.NsReadWriteSet();
  set.setNamespace(namespace);
  set.setRwset(kv.serializeBinary());
  const rwset = new protos.rwset.TxReadWriteSet();
  rwset.addNsRwset(set);
  return rwset.serializeBinary();
}

describe('a transaction that is not as Fabric wants it', () => {
  test.each(REFUSED)('%s: its code is Fabric’s', async (_what, make, code) => {
    expect(codes(await make())).toEqual([code]);
  });

  test('has the codes of its own, whatever stands beside it in the block', async () => {
    const broken = await Promise.all(REFUSED.map(([, make]) => make()));
    const good = await signed();
    expect(codes(...broken, good)).toEqual([
      ...REFUSED.map(([, , code]) => code),
      ValidationCode.VALID,
    ]);
  });

  test('never stops the chain, whichever of its bytes are changed', async () => {
    const envelope = await signed();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(envelope.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const changed = Uint8Array.from(envelope);
          for (const [at, by] of changes) changed[at] = (changed[at] ?? 0) ^ by;
          const isSame = Buffer.from(changed).equals(Buffer.from(envelope));
          const [code] = codes(changed);
          expect(code === ValidationCode.VALID).toBe(isSame);
        },
      ),
      // The channel header's type: an endorser transaction that calls itself a configuration.
      { numRuns: 150, examples: [[[[9, 2]]]] },
    );
  });
});

describe('endorsement policies', () => {
  test('of a collection hold for its writes, an organization’s own one for its implicit collection', async () => {
    const privately = (collection: string): Promise<Uint8Array> =>
      simulate((s) => {
        s.putPrivateData('pulse', collection, 'key', Buffer.from('secret'));
      });
    const providers = await privately('providers');
    const own = await privately('_implicit_org_InsurerMSP');
    expect(
      codes(
        await signed({ results: providers }),
        await signed({ results: providers, endorsers: [hospital] }),
        await signed({ results: own, endorsers: [insurer] }),
        await signed({ results: own, endorsers: [hospital, clinic] }),
      ),
    ).toEqual([
      ValidationCode.VALID,
      ValidationCode.ENDORSEMENT_POLICY_FAILURE,
      ValidationCode.VALID,
      ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    ]);
  });

  test('of a key replace the chaincode’s, and hold from the block after on', async () => {
    const own = policyEnvelope(parsePolicy("AND('InsurerMSP.peer')")).serializeBinary();
    const set = await simulate((s) => {
      s.putState('pulse', 'own', Buffer.from('1'));
      s.putStateMetadata('pulse', 'own', new Map([['VALIDATION_PARAMETER', own]]));
    });
    const write = await put('own', '2');
    const first = await commit(
      await signed({ results: set }),
      // The policy changed earlier in this block: nobody can say which one holds.
      await signed({ results: write, endorsers: [hospital, clinic, insurer] }),
    );
    expect(first.transactions.map((t) => t.code)).toEqual([
      ValidationCode.VALID,
      ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    ]);
    expect(
      codes(
        await signed({ results: write }),
        await signed({ results: write, endorsers: [insurer] }),
      ),
    ).toEqual([ValidationCode.ENDORSEMENT_POLICY_FAILURE, ValidationCode.VALID]);
  });

  test('that nobody can read are satisfied by nobody', async () => {
    const set = await simulate((s) => {
      s.putState('pulse', 'garbled', Buffer.from('1'));
      const metadata = new Map([['VALIDATION_PARAMETER', Buffer.from([0xff, 1])]]);
      s.putStateMetadata('pulse', 'garbled', metadata);
    });
    await commit(await signed({ results: set }));
    expect(codes(await signed({ results: await put('garbled') }))).toEqual([
      ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    ]);
  });
});

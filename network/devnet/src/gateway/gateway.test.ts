import { status } from '@grpc/grpc-js';
import {
  type ChaincodeEvent,
  CommitError,
  checkpointers,
  EndorseError,
  type ProposalOptions,
} from '@hyperledger/fabric-gateway';
import { gateway as protos } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import { Signer } from '../msp/signer.ts';
import { parsePolicy } from '../policy/parse.ts';
import { policyEnvelope } from '../policy/signature-policy.ts';
import { gatewayErrorOf, type TestClient, TestNetwork } from '../testing/running-network.ts';
import { ValidationCode } from '../validator/envelope.ts';

/** The default network with a collection that one organization has and two must endorse. */
const DEFINITION = {
  ...NETWORK,
  block: { ...NETWORK.block, batchTimeoutMs: 20 },
  chaincode: {
    ...NETWORK.chaincode,
    collections: [
      ...NETWORK.chaincode.collections,
      {
        name: 'narrow',
        members: ['HospitalMSP'],
        requiredPeerCount: 0,
        maxPeerCount: 0,
        blockToLive: 0,
        memberOnlyRead: false,
        memberOnlyWrite: false,
        endorsementPolicy: "AND('HospitalMSP.peer','ClinicMSP.peer')",
      },
    ],
  },
};

let network: TestNetwork;
let hospital: TestClient;
let clinic: TestClient;
let insurer: TestClient;

beforeAll(async () => {
  network = await TestNetwork.start({ definition: DEFINITION });
  hospital = await network.user('hospital');
  clinic = await network.user('clinic');
  insurer = await network.user('insurer');
});

afterAll(() => network.stop());

function text(result: Uint8Array): string {
  return Buffer.from(result).toString();
}

async function get(client: TestClient, key: string): Promise<string> {
  return text(await client.contract.evaluateTransaction('get', key));
}

describe('a transaction', () => {
  test('is endorsed by both providers, committed, and read everywhere', async () => {
    const result = await hospital.contract.submitTransaction('put', 'a', '1');
    expect(text(result)).toBe('put a');
    for (const client of [hospital, clinic, insurer]) expect(await get(client, 'a')).toBe('1');
  });

  test('endorsed by one provider alone is committed as invalid and changes nothing', async () => {
    const endorsingOrganizations = ['HospitalMSP'];
    const submitted = hospital.contract.submit('put', {
      arguments: ['alone', '1'],
      endorsingOrganizations,
    });
    await expect(submitted).rejects.toBeInstanceOf(CommitError);
    await expect(submitted).rejects.toMatchObject({
      code: ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    });
    expect(await get(hospital, 'alone')).toBe('');
  });

  test('that read what another one wrote meanwhile is an MVCC conflict', async () => {
    await hospital.contract.submitTransaction('put', 'conflict', '');
    const options: ProposalOptions = { arguments: ['conflict', 'x'] };
    const [first, second] = await Promise.all([
      hospital.contract.newProposal('append', options).endorse(),
      clinic.contract.newProposal('append', options).endorse(),
    ]);
    const statuses = [];
    for (const transaction of [first, second]) {
      statuses.push(await (await transaction.submit()).getStatus());
    }
    expect(statuses.map((s) => s.code)).toEqual([
      ValidationCode.VALID,
      ValidationCode.MVCC_READ_CONFLICT,
    ]);
    expect(statuses.map((s) => s.successful)).toEqual([true, false]);
    expect(await get(hospital, 'conflict')).toBe('x');
  });

  test('is committed once, however often it is submitted, and its status can be asked again', async () => {
    const transaction = await hospital.contract
      .newProposal('append', { arguments: ['once', '1'] })
      .endorse();
    const first = await (await transaction.submit()).getStatus();
    await transaction.submit();
    await hospital.contract.submitTransaction('put', 'after', '1');
    const again = await (await transaction.submit()).getStatus();
    expect(again).toMatchObject({ code: first.code, blockNumber: first.blockNumber });
    expect(await get(hospital, 'once')).toBe('1');
  });

  test('signed off-line, step by step, is the same', async () => {
    const { gateway, contract } = hospital;
    const unsigned = contract.newProposal('put', { arguments: ['offline', '1'] });
    const signer = new Signer(
      'HospitalMSP',
      hospital.identity.certificatePem,
      hospital.identity.privateKeyPem,
    );
    const { proposal: message } = protosOf(unsigned.getBytes());
    const signed = gateway.newSignedProposal(unsigned.getBytes(), signer.sign(message));
    const transaction = await signed.endorse();
    const payload = envelopePayload(transaction.getBytes());
    const submitted = await gateway
      .newSignedTransaction(transaction.getBytes(), signer.sign(payload))
      .submit();
    const request = protos.SignedCommitStatusRequest.deserializeBinary(submitted.getBytes());
    const commit = gateway.newSignedCommit(
      submitted.getBytes(),
      signer.sign(request.getRequest_asU8()),
    );
    expect((await commit.getStatus()).successful).toBe(true);
    expect(await get(clinic, 'offline')).toBe('1');
  });

  test('can use ranges, pages and the history of a key', async () => {
    const long = Array.from({ length: 105 }, (_, i) => `r${String(i).padStart(3, '0')}`);
    for (const key of ['q1', 'q2', 'q3'])
      await hospital.contract.submitTransaction('put', key, key);
    await hospital.contract.submitTransaction('fill', 'r', '105');
    await hospital.contract.submitTransaction('put', 'q1', 'second');
    const evaluate = async (name: string, ...args: string[]): Promise<unknown> =>
      JSON.parse(text(await hospital.contract.evaluateTransaction(name, ...args)));
    expect(await evaluate('range', 'q1', 'q3')).toEqual(['q1', 'q2']);
    expect(await evaluate('range', 'r', 's')).toEqual(long);
    expect(await evaluate('page', 'q1', 'r', '2', '')).toEqual({
      found: ['q1', 'q2'],
      bookmark: 'q3',
    });
    expect(await evaluate('page', 'q1', 'r', '2', 'q3')).toEqual({ found: ['q3'], bookmark: '' });
    expect(await evaluate('history', 'q1')).toEqual(['second', 'q1']);
  });
});

function protosOf(bytes: Uint8Array): { proposal: Uint8Array } {
  const proposed = protos.ProposedTransaction.deserializeBinary(bytes);
  return { proposal: proposed.getProposal()!.getProposalBytes_asU8() };
}

function envelopePayload(bytes: Uint8Array): Uint8Array {
  const prepared = protos.PreparedTransaction.deserializeBinary(bytes);
  return prepared.getEnvelope()!.getPayload_asU8();
}

describe('a contract’s failure', () => {
  test('is UNKNOWN with the contract’s text when evaluated', async () => {
    const error = await gatewayErrorOf(
      hospital.contract.evaluateTransaction('fail', 'not_found: nothing'),
    );
    const message = 'chaincode response 500, not_found: nothing';
    expect(error.code).toBe(status.UNKNOWN);
    expect(error.message).toContain(`evaluate call to endorser returned error: ${message}`);
    const address = network.devnet.profile.organizations['hospital']?.endpoint;
    expect(error.details).toEqual([{ address, mspId: 'HospitalMSP', message }]);
  });

  test('is ABORTED with details when endorsed, from every organization asked', async () => {
    const alone = await gatewayErrorOf(hospital.contract.submitTransaction('fail', 'boom'));
    expect(alone).toBeInstanceOf(EndorseError);
    expect(alone.code).toBe(status.ABORTED);
    expect(alone.message).toContain('failed to endorse transaction, see attached details');
    expect(alone.details.map((d) => d.mspId)).toEqual(['HospitalMSP']);
    const named = await gatewayErrorOf(
      hospital.contract.submit('fail', {
        arguments: ['boom'],
        endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
      }),
    );
    expect(named.message).toContain('failed to collect enough transaction endorsements');
    expect(named.details.map((d) => d.message)).toEqual(
      Array(2).fill('chaincode response 500, boom'),
    );
    expect(named.details.map((d) => d.mspId).sort()).toEqual(['ClinicMSP', 'HospitalMSP']);
  });

  test('to give the same answer at every peer is found by the gateway', async () => {
    const error = await gatewayErrorOf(hospital.contract.submitTransaction('random'));
    expect(error.code).toBe(status.ABORTED);
    expect(error.details).toMatchObject([
      { mspId: 'ClinicMSP', message: 'ProposalResponsePayloads do not match' },
    ]);
  });
});

describe('private data', () => {
  const transientData = { value: 'secret' };

  beforeAll(async () => {
    await hospital.contract.submit('putPrivate', { arguments: ['providers', 'p'], transientData });
  });

  test('is at both members, and its hash everywhere', async () => {
    for (const client of [hospital, clinic]) {
      const value = await client.contract.evaluateTransaction('getPrivate', 'providers', 'p');
      expect(text(value)).toBe('secret');
    }
    const hashes = await Promise.all(
      [hospital, insurer].map((c) =>
        c.contract.evaluateTransaction('getPrivateHash', 'providers', 'p'),
      ),
    );
    expect(hashes[0]).toHaveLength(32);
    expect(Buffer.from(hashes[1]!)).toEqual(Buffer.from(hashes[0]!));
  });

  test('is not at another organization’s peer, whoever asks', async () => {
    const error = await gatewayErrorOf(
      hospital.contract.evaluate('getPrivate', {
        arguments: ['providers', 'p'],
        endorsingOrganizations: ['InsurerMSP'],
      }),
    );
    expect(error.message).toContain(
      'private data matching public hash version is not available. Public hash version = {BlockNum: ',
    );
  });

  test('is neither read nor written by another organization’s members, at any peer', async () => {
    const visitor = await network.user('insurer', 'hospital');
    for (const client of [insurer, visitor]) {
      const read = await gatewayErrorOf(
        client.contract.evaluateTransaction('getPrivate', 'providers', 'p'),
      );
      expect(read.message).toContain(
        'tx creator does not have read access permission on privatedata in chaincodeName:pulse collectionName: providers',
      );
      const written = await gatewayErrorOf(
        client.contract.submit('putPrivate', { arguments: ['providers', 'p'], transientData }),
      );
      expect(written.details[0]?.message).toContain(
        'tx creator does not have write access permission on privatedata in chaincodeName:pulse collectionName: providers',
      );
    }
  });

  test('of an organization’s own is at that organization, and is endorsed by it', async () => {
    const own = ['_implicit_org_InsurerMSP', 'own'];
    await hospital.contract.submit('putPrivate', { arguments: own, transientData });
    expect(text(await insurer.contract.evaluateTransaction('getPrivate', ...own))).toBe('secret');
    const elsewhere = await gatewayErrorOf(
      hospital.contract.evaluateTransaction('getPrivate', ...own),
    );
    expect(elsewhere.message).toContain('private data matching public hash version');
    const forged = hospital.contract.submit('putPrivate', {
      arguments: own,
      transientData,
      endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
    });
    await expect(forged).rejects.toMatchObject({
      code: ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    });
  });

  test('in a collection that does not exist is refused', async () => {
    const error = await gatewayErrorOf(
      hospital.contract.evaluateTransaction('getPrivate', 'nowhere', 'p'),
    );
    expect(error.message).toContain('collection records/pulse/nowhere could not be found');
  });

  test('that is purged is gone at once', async () => {
    const key = ['providers', 'purged'];
    await hospital.contract.submit('putPrivate', { arguments: key, transientData });
    await hospital.contract.submitTransaction('purgePrivate', ...key);
    for (const operation of ['getPrivate', 'getPrivateHash']) {
      expect(await hospital.contract.evaluateTransaction(operation, ...key)).toHaveLength(0);
    }
  });

  test('goes to no organization outside the collection unless the client names it', async () => {
    const narrow = { arguments: ['narrow', 'n'], transientData };
    const error = await gatewayErrorOf(hospital.contract.submit('putPrivate', narrow));
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(error.message).toContain(
      'requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [narrow]; retry specifying trusted endorsing organizations to protect transient data',
    );
    expect(error.details).toEqual([]);
    await hospital.contract.submit('putPrivate', {
      ...narrow,
      endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
    });
    const value = await hospital.contract.evaluateTransaction('getPrivate', 'narrow', 'n');
    expect(text(value)).toBe('secret');
  });
});

describe('a key’s own endorsement policy', () => {
  test('decides who is asked, and replaces the chaincode’s', async () => {
    const policy = Buffer.from(
      policyEnvelope(parsePolicy("AND('InsurerMSP.peer')")).serializeBinary(),
    );
    await hospital.contract.submitTransaction('put', 'sealed', '1');
    await hospital.contract.submit('keyPolicy', {
      arguments: ['sealed'],
      transientData: { policy },
      endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
    });
    await hospital.contract.submitTransaction('put', 'sealed', '2');
    expect(await get(hospital, 'sealed')).toBe('2');
    const without = hospital.contract.submit('put', {
      arguments: ['sealed', '3'],
      endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
    });
    await expect(without).rejects.toMatchObject({
      code: ValidationCode.ENDORSEMENT_POLICY_FAILURE,
    });
  });
});

describe('chaincode events', () => {
  async function take(client: TestClient, count: number, options = {}): Promise<ChaincodeEvent[]> {
    const stream = await client.gateway.getNetwork('records').getChaincodeEvents('pulse', options);
    const found: ChaincodeEvent[] = [];
    try {
      for await (const event of stream) {
        found.push(event);
        if (found.length >= count) break;
      }
    } finally {
      stream.close();
    }
    return found;
  }

  test('are replayed from a block, after a transaction, and come live', async () => {
    const ids: string[] = [];
    let start = 0n;
    for (const name of ['one', 'two', 'three']) {
      const proposed = hospital.contract.newProposal('event', { arguments: ['happened', name] });
      ids.push(proposed.getTransactionId());
      const done = await (await (await proposed.endorse()).submit()).getStatus();
      if (name === 'one') start = done.blockNumber;
    }
    const replayed = await take(clinic, 3, { startBlock: start });
    expect(replayed.map((e) => [e.transactionId, text(e.payload)])).toEqual([
      [ids[0], 'one'],
      [ids[1], 'two'],
      [ids[2], 'three'],
    ]);
    expect(replayed[0]).toMatchObject({
      blockNumber: start,
      chaincodeName: 'pulse',
      eventName: 'happened',
    });
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointTransaction(start, ids[0]!);
    const after = await take(hospital, 2, { checkpoint });
    expect(after.map((e) => e.transactionId)).toEqual(ids.slice(1));
    const live = take(insurer, 1);
    // The stream starts when the server has got the request; an event before that is not live.
    const emitting = new AbortController();
    const emit = (async () => {
      while (!emitting.signal.aborted) {
        await hospital.contract.submitTransaction('event', 'live', 'now');
      }
    })();
    expect((await live).map((e) => e.eventName)).toEqual(['live']);
    emitting.abort();
    await emit;
  });

  test('of invalid transactions are not sent', async () => {
    const valid = hospital.contract.newProposal('event', { arguments: ['e', 'valid'] });
    const alone = hospital.contract.submit('event', {
      arguments: ['e', 'invalid'],
      endorsingOrganizations: ['HospitalMSP'],
    });
    await expect(alone).rejects.toBeInstanceOf(CommitError);
    const height = BigInt(network.devnet.height());
    await (await (await valid.endorse()).submit()).getStatus();
    const events = await take(hospital, 1, { startBlock: height - 1n });
    expect(text(events[0]!.payload)).toBe('valid');
  });
});

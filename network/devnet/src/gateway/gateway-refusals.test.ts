import { status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { peer, gateway as protos } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import { organizationKeys, readCertifiedKey } from '../../../identity/src/index.ts';
import { Signer } from '../msp/signer.ts';
import { issueOdd } from '../testing/keys.ts';
import { type ProposalOptions, proposal } from '../testing/messages.ts';
import { gatewayErrorOf, type TestClient, TestNetwork } from '../testing/running-network.ts';

let network: TestNetwork;
let hospital: TestClient;

beforeAll(async () => {
  const block = { ...NETWORK.block, batchTimeoutMs: 20 };
  network = await TestNetwork.start({ definition: { ...NETWORK, block } });
  hospital = await network.user('hospital');
});

afterAll(() => network.stop());

/** Calls a method of the gateway service with a message of the test's own. */
async function call(
  client: TestClient,
  name: 'Evaluate' | 'Endorse',
  signed: peer.SignedProposal,
  channel = 'records',
): Promise<GatewayError> {
  const request = name === 'Evaluate' ? new protos.EvaluateRequest() : new protos.EndorseRequest();
  request.setChannelId(channel);
  request.setProposedTransaction(signed);
  return new Promise((resolve, reject) => {
    client.grpc.makeUnaryRequest(
      `/gateway.Gateway/${name}`,
      (message: typeof request) => Buffer.from(message.serializeBinary()),
      (data: Buffer) => data,
      request,
      (error) => {
        if (error === null) reject(new Error('expected an error'));
        else
          resolve(
            new GatewayError({
              code: error.code,
              details: [],
              cause: error,
              message: error.details,
            }),
          );
      },
    );
  });
}

async function signerOf(organization: string): Promise<Signer> {
  const files = organizationKeys(network.keysDir, organization).administrator.identity;
  const { certificatePem, privateKeyPem } = await readCertifiedKey(files);
  const mspId = `${organization.charAt(0).toUpperCase()}${organization.slice(1)}MSP`;
  return new Signer(mspId, certificatePem, privateKeyPem);
}

describe('a request that the network does not take', () => {
  test.each([
    [
      'dated an hour ago',
      { timeMs: Date.now() - 3_600_000 },
      status.UNAVAILABLE,
      'failed to evaluate transaction, see attached details for more info',
    ],
    [
      'with another transaction’s id',
      { txId: 'ab'.repeat(32) },
      status.FAILED_PRECONDITION,
      /error validating proposal: incorrectly computed txid/,
    ],
    [
      'for another channel',
      { channel: 'other' },
      status.UNAVAILABLE,
      /failed to get config for channel \[other\]: could not get last config for channel other/,
    ],
    [
      'for another chaincode',
      { chaincode: 'other' },
      status.FAILED_PRECONDITION,
      'no peers available to evaluate chaincode other in channel records',
    ],
    [
      'for another chaincode, with transient data',
      { chaincode: 'other', transient: { a: 'b' } },
      status.FAILED_PRECONDITION,
      /^no endorsers found in the gateway's organization; retry specifying target organization\(s\) to protect transient data/,
    ],
  ])(
    'because it is %s is answered as Fabric does',
    async (_what, options: Partial<ProposalOptions>, code, message) => {
      const creator = await signerOf('hospital');
      const error = await call(hospital, 'Evaluate', proposal({ creator, ...options }).signed);
      expect(error.code).toBe(code);
      if (typeof message === 'string') expect(error.message).toBe(message);
      else expect(error.message).toMatch(message);
    },
  );

  test('because its signature does not hold', async () => {
    const [creator, signer] = [await signerOf('hospital'), await signerOf('clinic')];
    const error = await call(hospital, 'Evaluate', proposal({ creator, signer }).signed);
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(error.message).toBe(
      'evaluate call to endorser returned error: error validating proposal: access denied: channel [records] creator org [HospitalMSP]',
    );
  });

  test('because its creator may not write on the channel', async () => {
    const files = organizationKeys(network.keysDir, 'hospital').peer('peer0').identity;
    const client = network.client('hospital', await readCertifiedKey(files));
    const error = await gatewayErrorOf(client.contract.evaluateTransaction('get', 'a'));
    expect(error.message).toContain(
      "Failed evaluating policy on signed data during check policy on channel [records] with policy [/Channel/Application/Writers]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied]",
    );
  });

  test('because its certificate has expired: UNAVAILABLE for a proposal, ABORTED for a submission', async () => {
    const expiring = await issueOdd(network.keysDir, 'hospital', {
      notAfter: new Date(Date.now() + 1500),
    });
    const client = network.client('hospital', expiring);
    const transaction = await client.contract
      .newProposal('put', { arguments: ['late', '1'] })
      .endorse();
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const evaluated = await gatewayErrorOf(client.contract.evaluateTransaction('get', 'a'));
    expect(evaluated.code).toBe(status.UNAVAILABLE);
    expect(evaluated.details[0]?.message).toBe('proposal client identity expired');
    const submitted = await gatewayErrorOf(transaction.submit());
    expect(submitted.code).toBe(status.ABORTED);
    expect(submitted.message).toContain(
      'received unsuccessful response from orderer: status=BAD_REQUEST, info=broadcast client identity expired',
    );
  });

  test('because the transaction was committed before', async () => {
    const proposed = hospital.contract.newProposal('put', { arguments: ['twice', '1'] });
    await (await (await proposed.endorse()).submit()).getStatus();
    const error = await gatewayErrorOf(proposed.endorse());
    expect(error.details[0]?.message).toMatch(
      new RegExp(
        `^duplicate transaction found \\[${proposed.getTransactionId()}\\]. Creator \\[[0-9a-f]+\\]$`,
      ),
    );
  });

  test('because it names an organization without a peer for the chaincode', async () => {
    const error = await gatewayErrorOf(
      hospital.contract.submit('put', {
        arguments: ['a', '1'],
        endorsingOrganizations: ['HospitalMSP', 'PharmacyMSP', 'LaboratoryMSP'],
      }),
    );
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.message).toContain(
      'failed to find any endorsing peers for org(s): PharmacyMSP, LaboratoryMSP',
    );
  });

  test('because it has no proposal in it', async () => {
    const empty = new peer.SignedProposal();
    expect(await call(hospital, 'Evaluate', empty)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: 'failed to unpack transaction proposal: a signed proposal is required',
    });
    expect(await call(hospital, 'Endorse', empty)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: 'the proposed transaction must contain a signed proposal',
    });
  });

  test('because another organization’s member signed the question for a status', async () => {
    const stranger = await issueOdd(network.keysDir, 'hospital', { authority: 'device' });
    const transaction = await hospital.contract
      .newProposal('put', { arguments: ['status', '1'] })
      .endorse();
    const commit = await transaction.submit();
    const request = protos.SignedCommitStatusRequest.deserializeBinary(commit.getBytes());
    const signature = new Signer(
      'HospitalMSP',
      stranger.certificatePem,
      stranger.privateKeyPem,
    ).sign(request.getRequest_asU8());
    const error = await gatewayErrorOf(
      hospital.gateway.newSignedCommit(commit.getBytes(), signature).getStatus(),
    );
    expect(error.code).toBe(status.PERMISSION_DENIED);
    expect(error.message).toContain('with policy [/Channel/Application/Readers]');
  });
});

import { status } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NETWORK } from '../../../definition/src/index.ts';
import { organizationKeys, readCertifiedKey } from '../../../identity/src/index.ts';
import { Signer } from '../msp/signer.ts';
import { parsePolicy } from '../policy/parse.ts';
import { policyEnvelope } from '../policy/signature-policy.ts';
import { proposal, transaction } from '../testing/messages.ts';
import { type TestClient, TestNetwork } from '../testing/running-network.ts';

/** What a caller waits at most. Only who asks for what is still to come may wait for it. */
const DEADLINE_MS = 20_000;
const PATIENCE_MS = 300;
const RUNS = 40;

let network: TestNetwork;
let client: TestClient;
let creator: Signer;
let endorsers: Signer[];

async function signer(
  mspId: string,
  files: { certificateFile: string; keyFile: string },
): Promise<Signer> {
  const { certificatePem, privateKeyPem } = await readCertifiedKey(files);
  return new Signer(mspId, certificatePem, privateKeyPem);
}

beforeAll(async () => {
  const block = { ...NETWORK.block, batchTimeoutMs: 20 };
  network = await TestNetwork.start({ definition: { ...NETWORK, block } });
  client = await network.user('hospital');
  const keys = organizationKeys(network.keysDir, 'hospital');
  creator = await signer('HospitalMSP', keys.administrator.identity);
  endorsers = [
    await signer('HospitalMSP', keys.peer('peer0').identity),
    await signer('ClinicMSP', organizationKeys(network.keysDir, 'clinic').peer('peer0').identity),
  ];
});

afterAll(() => network.stop());

/** A message with some of its bytes changed, cut off or repeated. */
function mutated(make: () => Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 6 }),
    drop: fc.nat({ max: 8 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let message = Buffer.from(make());
    for (const { at, bytes, drop } of changes) {
      const start = Math.floor(at * message.length);
      message = Buffer.concat([
        message.subarray(0, start),
        bytes,
        message.subarray(Math.min(message.length, start + drop)),
      ]);
    }
    return new Uint8Array(message);
  });
}

function inputs(make: () => Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated(make));
}

async function unary(method: string, bytes: Uint8Array, deadlineMs: number): Promise<status> {
  return new Promise((resolve) => {
    client.grpc.makeUnaryRequest(
      method.startsWith('/') ? method : `/gateway.Gateway/${method}`,
      (message: Uint8Array) => Buffer.from(message),
      (data: Buffer) => data,
      bytes,
      { deadline: Date.now() + deadlineMs },
      (error) => {
        resolve(error?.code ?? status.OK);
      },
    );
  });
}

/** Opens a stream with one request; resolves with how it ended, or that it waits. */
async function stream(method: string, bytes: Uint8Array): Promise<status | 'waits'> {
  return new Promise((resolve) => {
    const call = client.grpc.makeBidiStreamRequest(
      method,
      (message: Uint8Array) => Buffer.from(message),
      (data: Buffer) => data,
    );
    const timer = setTimeout(() => {
      call.cancel();
      resolve('waits');
    }, PATIENCE_MS);
    call.on('data', () => undefined);
    call.on('error', () => undefined);
    call.on('status', ({ code }: { code: status }) => {
      clearTimeout(timer);
      resolve(code);
    });
    call.write(bytes);
    call.end();
  });
}

async function works(): Promise<boolean> {
  const answer = await client.contract.evaluateTransaction('creator');
  return Buffer.from(answer).toString() === 'HospitalMSP';
}

function evaluateRequest(): Uint8Array {
  const request = new gateway.EvaluateRequest();
  request.setChannelId('records');
  request.setProposedTransaction(proposal({ creator }).signed);
  return request.serializeBinary();
}

function endorserRequest(): Uint8Array {
  return proposal({ creator }).signed.serializeBinary();
}

/** A definition that would be good. */
function approval(): Uint8Array {
  const args = new peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  args.setName('notes');
  args.setVersion('1.0');
  args.setSequence(1);
  const collections = new peer.CollectionConfigPackage();
  const config = new peer.CollectionConfig();
  const collection = new peer.StaticCollectionConfig();
  collection.setName('some');
  const members = new peer.CollectionPolicyConfig();
  const rule = parsePolicy("OR('HospitalMSP.member','ClinicMSP.member')");
  members.setSignaturePolicy(policyEnvelope(rule));
  collection.setMemberOrgsPolicy(members);
  config.setStaticCollectionConfig(collection);
  collections.addConfig(config);
  args.setCollections(collections);
  return args.serializeBinary();
}

const LIFECYCLE_FUNCTIONS = [
  'InstallChaincode',
  'QueryInstalledChaincode',
  'QueryInstalledChaincodes',
  'GetInstalledChaincodePackage',
  'ApproveChaincodeDefinitionForMyOrg',
  'QueryApprovedChaincodeDefinition',
  'CheckCommitReadiness',
  'CommitChaincodeDefinition',
  'QueryChaincodeDefinition',
];

function submitRequest(): Uint8Array {
  const envelope = transaction(proposal({ creator }), {
    endorsers,
    results: new Uint8Array(),
  });
  const request = new gateway.SubmitRequest();
  request.setChannelId('records');
  request.setPreparedTransaction(common.Envelope.deserializeBinary(envelope));
  return request.serializeBinary();
}

/** A good envelope's payload, spoilt and then signed: it passes the orderer and reaches the validator. */
function spoiltSubmit(payload: Uint8Array): Uint8Array {
  const envelope = new common.Envelope();
  envelope.setPayload(payload);
  envelope.setSignature(creator.sign(payload));
  const request = new gateway.SubmitRequest();
  request.setChannelId('records');
  request.setPreparedTransaction(envelope);
  return request.serializeBinary();
}

function statusRequest(): Uint8Array {
  const asked = new gateway.CommitStatusRequest();
  asked.setChannelId('records');
  asked.setTransactionId('ab'.repeat(32));
  asked.setIdentity(creator.serialized);
  const signed = new gateway.SignedCommitStatusRequest();
  signed.setRequest(asked.serializeBinary());
  signed.setSignature(creator.sign(asked.serializeBinary()));
  return signed.serializeBinary();
}

describe('bytes that are no request', () => {
  test.each([
    ['Evaluate', evaluateRequest],
    ['Endorse', evaluateRequest],
    ['Submit', submitRequest],
    ['/protos.Endorser/ProcessProposal', endorserRequest],
  ])('are answered by %s, and the next request is served', async (method, make) => {
    await fc.assert(
      fc.asyncProperty(inputs(make), async (bytes) => {
        expect(await unary(method, bytes, DEADLINE_MS)).not.toBe(status.DEADLINE_EXCEEDED);
      }),
      { numRuns: RUNS },
    );
    expect(await works()).toBe(true);
  });

  test('are answered by every function of _lifecycle, on a channel and on none', async () => {
    const call = fc.record({
      name: fc.constantFrom(...LIFECYCLE_FUNCTIONS),
      input: inputs(approval),
      channel: fc.constantFrom('', 'records'),
    });
    await fc.assert(
      fc.asyncProperty(call, async ({ name, input, channel }) => {
        const args = [name, input];
        const { signed } = proposal({ creator, chaincode: '_lifecycle', channel, args });
        const method = '/protos.Endorser/ProcessProposal';
        expect(await unary(method, signed.serializeBinary(), DEADLINE_MS)).toBe(status.OK);
      }),
      { numRuns: 4 * RUNS },
    );
    expect(await works()).toBe(true);
  });

  test('signed by a writer, reach the blocks and leave the channel alive', async () => {
    const good = (): Uint8Array => {
      const request = gateway.SubmitRequest.deserializeBinary(submitRequest());
      return request.getPreparedTransaction()?.getPayload_asU8() ?? new Uint8Array();
    };
    await fc.assert(
      fc.asyncProperty(mutated(good), async (payload) => {
        const code = await unary('Submit', spoiltSubmit(payload), DEADLINE_MS);
        expect(code).not.toBe(status.DEADLINE_EXCEEDED);
      }),
      { numRuns: RUNS },
    );
    await client.contract.submitTransaction('put', 'after', '1');
    expect(await works()).toBe(true);
  });

  test('are answered by CommitStatus, unless they ask for a transaction to come', async () => {
    await fc.assert(
      fc.asyncProperty(inputs(statusRequest), async (bytes) => {
        expect(await unary('CommitStatus', bytes, PATIENCE_MS)).not.toBe(status.OK);
      }),
      { numRuns: RUNS },
    );
    expect(await works()).toBe(true);
  });

  test.each([
    '/gateway.Gateway/ChaincodeEvents',
    '/protos.Deliver/Deliver',
    '/protos.Deliver/DeliverFiltered',
    '/protos.Deliver/DeliverWithPrivateData',
    '/orderer.AtomicBroadcast/Broadcast',
  ])('end %s or let it wait, and the next request is served', async (method) => {
    const make = method.startsWith('/gateway') ? statusRequest : (): Uint8Array => spoiltSeek();
    await fc.assert(
      fc.asyncProperty(inputs(make), async (bytes) => {
        expect(await stream(method, bytes)).not.toBe(status.DEADLINE_EXCEEDED);
      }),
      { numRuns: RUNS },
    );
    expect(await works()).toBe(true);
  });
});

function spoiltSeek(): Uint8Array {
  const { channelHeader, signatureHeader } = proposal({ creator });
  const header = new common.Header();
  header.setChannelHeader(channelHeader);
  header.setSignatureHeader(signatureHeader);
  const payload = new common.Payload();
  payload.setHeader(header);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(creator.sign(envelope.getPayload_asU8()));
  return envelope.serializeBinary();
}

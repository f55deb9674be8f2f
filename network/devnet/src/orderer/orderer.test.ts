import { createHash } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import { channelPolicies } from '../channel-configuration/policies.ts';
import { blockDataHash, blockHeaderBytes, blockHeaderHash } from '../ledger/block-hash.ts';
import { Signer } from '../msp/signer.ts';
import { ChannelPolicies } from '../policy/channel-policies.ts';
import { issueOdd, type TestKeys, testKeys } from '../testing/keys.ts';
import { type ProposalOptions, proposal, transaction } from '../testing/messages.ts';
import { Orderer, type OrdererOptions } from './orderer.ts';

let keys: TestKeys;
let creator: Signer;
let signer: Signer;
let policies: ChannelPolicies;

beforeAll(async () => {
  keys = await testKeys();
  creator = await keys.ingest('hospital');
  signer = await keys.orderer('hospital');
  const mspIds = NETWORK.organizations.map((o) => o.mspId);
  policies = new ChannelPolicies(channelPolicies(mspIds, mspIds), keys.msps);
});

afterAll(() => keys.remove());

afterEach(() => {
  jest.useRealTimers();
});

function newOrderer(options: Partial<OrdererOptions> = {}): {
  orderer: Orderer;
  blocks: common.Block[];
} {
  const blocks: common.Block[] = [];
  const orderer = new Orderer({
    signer,
    rules: { channel: 'records', msps: keys.msps, policies, absoluteMaxBytes: 20_000 },
    maxMessageCount: 3,
    preferredMaxBytes: 15_000,
    batchTimeoutMs: 200,
    end: { height: 1, lastHash: Buffer.alloc(32, 7) },
    deliver: (block) => Promise.resolve(blocks.push(block)),
    onFailure: (error) => {
      throw error;
    },
    now: Date.now,
    ...options,
  });
  return { orderer, blocks };
}

function envelope(
  options: Partial<ProposalOptions> = {},
  results = new Uint8Array(),
): common.Envelope {
  const bytes = transaction(proposal({ creator, ...options }), { endorsers: [], results });
  return common.Envelope.deserializeBinary(bytes);
}

function sizes(blocks: readonly common.Block[]): number[] {
  return blocks.map((block) => block.getData()?.getDataList().length ?? 0);
}

describe('an orderer', () => {
  test('cuts a block when it is full, and the rest when the time is over', async () => {
    jest.useFakeTimers();
    const { orderer, blocks } = newOrderer();
    for (let i = 0; i < 4; i += 1) expect(orderer.broadcast(envelope())).toBeUndefined();
    await jest.advanceTimersByTimeAsync(199);
    expect(sizes(blocks)).toEqual([3]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sizes(blocks)).toEqual([3, 1]);
    await jest.advanceTimersByTimeAsync(1000);
    expect(sizes(blocks)).toEqual([3, 1]);
    await orderer.close();
  });

  test('starts the time anew with the first message of each batch', async () => {
    jest.useFakeTimers();
    const { orderer, blocks } = newOrderer();
    orderer.broadcast(envelope());
    await jest.advanceTimersByTimeAsync(150);
    orderer.broadcast(envelope());
    orderer.broadcast(envelope());
    orderer.broadcast(envelope());
    await jest.advanceTimersByTimeAsync(199);
    expect(sizes(blocks)).toEqual([3]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sizes(blocks)).toEqual([3, 1]);
    await orderer.close();
  });

  test('makes a chain of blocks, each tied to the one before and signed', async () => {
    const { orderer, blocks } = newOrderer();
    for (let i = 0; i < 7; i += 1) orderer.broadcast(envelope());
    await orderer.close();
    expect(sizes(blocks)).toEqual([3, 3, 1]);
    let previous: Uint8Array = Buffer.alloc(32, 7);
    blocks.forEach((block, index) => {
      const header = block.getHeader()!;
      expect(header.getNumber()).toBe(index + 1);
      expect(Buffer.from(header.getPreviousHash_asU8())).toEqual(Buffer.from(previous));
      expect(Buffer.from(header.getDataHash_asU8())).toEqual(blockDataHash(block.getData()!));
      const metadata = common.Metadata.deserializeBinary(
        block.getMetadata()!.getMetadataList_asU8()[common.BlockMetadataIndex.SIGNATURES]!,
      );
      const [signature] = metadata.getSignaturesList();
      const signatureHeader = signature!.getSignatureHeader_asU8();
      const data = Buffer.concat([
        metadata.getValue_asU8(),
        signatureHeader,
        blockHeaderBytes(header),
      ]);
      const orderers = keys.msps.deserialize(
        common.SignatureHeader.deserializeBinary(signatureHeader).getCreator_asU8(),
      );
      expect(orderers.satisfies({ mspId: 'HospitalMSP', role: 'orderer' })).toBe(true);
      expect(orderers.refuseSignature(data, signature!.getSignature_asU8())).toBeUndefined();
      previous = blockHeaderHash(header);
    });
    expect(createHash('sha256').update(previous).digest()).toHaveLength(32);
  });

  test('takes nothing after it was closed, and delivers what it had taken', async () => {
    const { orderer, blocks } = newOrderer();
    orderer.broadcast(envelope());
    await orderer.close();
    expect(sizes(blocks)).toEqual([1]);
    expect(orderer.broadcast(envelope())).toEqual({
      status: common.Status.SERVICE_UNAVAILABLE,
      info: 'the chain has been halted',
    });
  });

  test('ends the chain when a block cannot be delivered', async () => {
    const failures: unknown[] = [];
    const { orderer } = newOrderer({
      deliver: () => Promise.reject(new Error('disk full')),
      onFailure: (error) => failures.push(error),
    });
    for (let i = 0; i < 6; i += 1) orderer.broadcast(envelope());
    await new Promise(setImmediate);
    expect(failures).toEqual([new Error('disk full')]);
    expect(orderer.broadcast(envelope())?.status).toBe(common.Status.SERVICE_UNAVAILABLE);
  });
});

describe('a broadcast is refused', () => {
  const refusalOf = (message: common.Envelope) => newOrderer().orderer.broadcast(message);

  test.each([
    ['for another channel', { channel: 'other' }, 'channel does not exist'],
    [
      'when it is a configuration',
      { type: common.HeaderType.CONFIG },
      'message is of type that cannot be processed directly',
    ],
    [
      'when it is a configuration update',
      { type: common.HeaderType.CONFIG_UPDATE },
      /^error applying config update to existing channel .records.: error authorizing update: /,
    ],
  ])('%s', (_what, options, info) => {
    expect(refusalOf(envelope(options))).toEqual({
      status: common.Status.BAD_REQUEST,
      info: typeof info === 'string' ? info : expect.stringMatching(info),
    });
  });

  test('when there is nothing in it, or something that cannot be read', () => {
    const nothing = new common.Envelope();
    const garbage = new common.Envelope();
    garbage.setPayload(Buffer.from([0xff]));
    for (const message of [nothing, garbage]) {
      expect(refusalOf(message)).toMatchObject({
        status: common.Status.BAD_REQUEST,
        info: expect.stringContaining('could not determine channel ID'),
      });
    }
  });

  test('when it is too large', () => {
    expect(refusalOf(envelope({}, new Uint8Array(30_000)))?.info).toMatch(
      /message payload is \d+ bytes and exceeds maximum allowed 20000 bytes/,
    );
  });

  test('when the certificate has expired', async () => {
    const old = await issueOdd(keys.dir, 'hospital', {
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() - 1000),
    });
    const expired = new Signer('HospitalMSP', old.certificatePem, old.privateKeyPem);
    expect(refusalOf(envelope({ creator: expired }))).toEqual({
      status: common.Status.BAD_REQUEST,
      info: 'broadcast client identity expired',
    });
  });

  test('from whoever is no writer, and when the signature does not hold', async () => {
    const tampered = envelope();
    tampered.setSignature(signer.sign(tampered.getPayload_asU8()));
    const peer = envelope({ creator: await keys.peer('hospital') });
    for (const message of [tampered, peer]) {
      expect(refusalOf(message)).toEqual({
        status: common.Status.FORBIDDEN,
        info: "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied",
      });
    }
  });
});

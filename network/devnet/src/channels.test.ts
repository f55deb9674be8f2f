import { peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../definition/src/index.ts';
import { type OtherChannel, startDevnet } from './devnet.ts';
import { type TestClient, TestNetwork } from './testing/running-network.ts';

const { lifecycle } = peer;
const SIDE = 'side';
const NOTE = {
  name: 'note',
  version: '1.0',
  endorsementPolicy: "OR('HospitalMSP.peer','ClinicMSP.peer')",
  collections: [],
};

let network: TestNetwork;
let otherChannels: OtherChannel[];

beforeAll(async () => {
  // The channel's chaincode needs the addresses of servers that are not known yet: it is given below, at the second start.
  network = await TestNetwork.start();
  await network.closeDevnet();
  const { addresses } = network.chaincode;
  otherChannels = [
    {
      name: SIDE,
      organizations: ['hospital', 'clinic'],
      chaincodes: [{ definition: NOTE, addresses }],
    },
  ];
  await network.open({ otherChannels });
});

afterAll(() => network.stop());

function note(
  client: TestClient,
): ReturnType<ReturnType<TestClient['gateway']['getNetwork']>['getContract']> {
  return client.gateway.getNetwork(SIDE).getContract(NOTE.name);
}

async function read(client: TestClient, key: string): Promise<string> {
  return Buffer.from(await note(client).evaluateTransaction('get', key)).toString();
}

function definitionOf(
  sequence: number,
  version: string,
): peer.lifecycle.CommitChaincodeDefinitionArgs {
  const args = new lifecycle.CommitChaincodeDefinitionArgs();
  args.setName(NOTE.name);
  args.setSequence(sequence);
  args.setVersion(version);
  args.setEndorsementPlugin('escc');
  args.setValidationPlugin('vscc');
  return args;
}

/** Approves an upgrade of the further channel's chaincode as an organization's administrator. */
async function approve(organization: string, sequence: number, version: string): Promise<void> {
  const client = await network.administrator(organization);
  const args = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  args.setName(NOTE.name);
  args.setSequence(sequence);
  args.setVersion(version);
  args.setEndorsementPlugin('escc');
  args.setValidationPlugin('vscc');
  const source = new lifecycle.ChaincodeSource();
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId('note_1.0:devnet');
  source.setLocalPackage(local);
  args.setSource(source);
  await client.gateway
    .getNetwork(SIDE)
    .getContract('_lifecycle')
    .submit('ApproveChaincodeDefinitionForMyOrg', {
      arguments: [args.serializeBinary()],
      endorsingOrganizations: [client.mspId],
    });
}

async function upgrade(sequence: number, version: string): Promise<void> {
  await approve('hospital', sequence, version);
  await approve('clinic', sequence, version);
  const client = await network.administrator('hospital');
  await client.gateway
    .getNetwork(SIDE)
    .getContract('_lifecycle')
    .submit('CommitChaincodeDefinition', {
      arguments: [definitionOf(sequence, version).serializeBinary()],
      endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
    });
}

async function sequenceOf(name: string): Promise<number> {
  const client = await network.administrator('clinic');
  const args = new lifecycle.QueryChaincodeDefinitionArgs();
  args.setName(name);
  const bytes = await client.gateway
    .getNetwork(SIDE)
    .getContract('_lifecycle')
    .evaluate('QueryChaincodeDefinition', { arguments: [args.serializeBinary()] });
  return lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes).getSequence();
}

describe('a further channel', () => {
  test('has state and blocks of its own, also after a restart', async () => {
    const before = network.devnet.height();
    await note(await network.user('clinic')).submitTransaction('put', 'a', 'there');
    expect(network.devnet.height()).toBe(before);
    expect(network.devnet.height(SIDE)).toBe(2);
    await network.closeDevnet();
    await network.open({ otherChannels });
    expect(await read(await network.user('hospital'), 'a')).toBe('there');
    expect(
      Buffer.from(
        await (await network.user('hospital')).contract.evaluateTransaction('get', 'a'),
      ).toString(),
    ).toBe('');
  });

  test('is not there for organizations that are no members', async () => {
    await expect(read(await network.user('insurer'), 'a')).rejects.toThrow(
      'failed to get config for channel [side]: could not get last config for channel side',
    );
    await expect(read(await network.user('insurer', 'hospital'), 'a')).rejects.toThrow();
  });

  test('goes back to a snapshot together with the first', async () => {
    const { id } = await network.devnet.control.snapshot();
    await note(await network.user('clinic')).submitTransaction('put', 'a', 'changed');
    await (await network.user('clinic')).contract.submitTransaction('put', 'b', 'changed');
    await network.devnet.control.revert(id);
    const client = await network.user('hospital');
    expect(await read(client, 'a')).toBe('there');
    expect(Buffer.from(await client.contract.evaluateTransaction('get', 'b')).toString()).toBe('');
    const status = await network.devnet.control.status();
    expect(status.channels.map(({ channel }) => channel)).toEqual([NETWORK.channel, SIDE]);
  });

  test('keeps its ledger out of a dump, which is refused', async () => {
    await expect(network.devnet.control.dump('/nowhere/at/all')).rejects.toThrow(
      'dump is for networks of one channel; this one has 2',
    );
  });

  test.each([
    [{ name: NETWORK.channel }, `The channel "${NETWORK.channel}" is named twice.`],
    [{ name: 'x', organizations: ['ghost'] }, 'The channel "x" needs members'],
    [{ name: 'x', organizations: [] }, 'The channel "x" needs members'],
  ])('that cannot be is refused (%#)', async (channel, text) => {
    const start = startDevnet({
      definition: NETWORK,
      keysDir: network.keysDir,
      ledgerDir: `${network.dir}/none`,
      chaincode: { name: 'pulse', version: '1.0', addresses: {} },
      otherChannels: [channel],
    });
    await expect(start).rejects.toThrow(text);
  });
});

describe('an upgraded definition', () => {
  test('holds from its block on, after a restart, and until a revert', async () => {
    const { id } = await network.devnet.control.snapshot();
    expect(await sequenceOf(NOTE.name)).toBe(1);
    await upgrade(2, '2.0');
    expect(await sequenceOf(NOTE.name)).toBe(2);
    await network.closeDevnet();
    await network.open({ otherChannels });
    expect(await sequenceOf(NOTE.name)).toBe(2);
    const put = async (endorsingOrganizations: string[]): Promise<Uint8Array> =>
      note(await network.user('hospital')).submit('put', {
        arguments: ['c', '1'],
        endorsingOrganizations,
      });
    // One was enough; the new definition names no policy, so it is most of the organizations.
    await expect(put(['HospitalMSP'])).rejects.toThrow('ENDORSEMENT_POLICY_FAILURE');
    await put(['HospitalMSP', 'ClinicMSP']);
    await network.devnet.control.revert(id);
    expect(await sequenceOf(NOTE.name)).toBe(1);
    await put(['HospitalMSP']);
  });

  test('makes transactions invalid that were endorsed before it', async () => {
    const client = await network.user('hospital');
    const early = await note(client)
      .newProposal('put', {
        arguments: ['d', '1'],
        endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'],
      })
      .endorse();
    await upgrade(2, '2.0');
    const late = await early.submit();
    expect((await late.getStatus()).code).toBe(peer.TxValidationCode.MVCC_READ_CONFLICT);
  });
});

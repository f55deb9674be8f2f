import { createPrivateKey } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { type Contract, connect, type Gateway, hash, signers } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ConnectionProfile } from '@pulseledger/domain';
import { NETWORK } from '../../definition/src/index.ts';
import { issueUser, readAuthority } from '../../identity/src/index.ts';
import { accepts, eventually } from '../../processes/src/index.ts';
import { type FabricNetwork, startFabric } from './network.ts';
import { NOTE, SKIPPED } from './testing/native.ts';

const describeNative = SKIPPED === undefined ? describe : describe.skip;

jest.setTimeout(180_000);

const CATCH_UP_MS = 30_000;
const BOTH = ['HospitalMSP', 'ClinicMSP'];
const SOURCE = `
const { Contract } = require(${JSON.stringify(resolve('node_modules/fabric-contract-api'))});
class Notes extends Contract {
  async Put(ctx, key) { await ctx.stub.putPrivateData('providers', key, ctx.stub.getTransient().get('value')); }
  async PutIn(ctx, collection) { await ctx.stub.putPrivateData(collection, 'k', Buffer.from('v')); return 'written'; }
  async Get(ctx, key) { return Buffer.from(await ctx.stub.getPrivateData('providers', key)).toString(); }
  async Role(ctx) { return ctx.clientIdentity.getAttributeValue('role'); }
}
exports.contracts = [Notes];`;

describeNative(`a native network${NOTE}`, () => {
  let folder: string;
  let network: FabricNetwork;
  const steps: string[] = [];
  const open: { gateway: Gateway; client: Client }[] = [];

  async function start(): Promise<FabricNetwork> {
    return startFabric({
      dataDir: join(folder, 'data'),
      chaincodeFolder: join(folder, 'chaincode'),
      onProgress: ({ step }) => steps.push(step),
    });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-native-'));
    await mkdir(join(folder, 'chaincode'));
    await writeFile(join(folder, 'chaincode', 'index.js'), SOURCE);
    const description = { name: 'notes', version: '1.0.0', main: 'index.js' };
    await writeFile(join(folder, 'chaincode', 'package.json'), JSON.stringify(description));
    network = await start();
  });

  afterAll(async () => {
    hangUp();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function hangUp(): void {
    for (const { gateway, client } of open.splice(0)) {
      gateway.close();
      client.close();
    }
  }

  /** The contract as a nurse with a short-lived certificate of that organization sees it. */
  async function contract(organization: string): Promise<Contract> {
    const endpoint = network.profile.organizations[organization]!;
    const user = issueUser({
      issuer: await readAuthority(join(folder, 'data', 'keys'), organization, 'issuing'),
      role: 'nurse',
      subjectCommitment: '00'.repeat(32),
      minutes: 15,
    });
    const client = new Client(
      endpoint.endpoint,
      credentials.createSsl(Buffer.from(endpoint.tlsRootCertificatePem)),
      { 'grpc.ssl_target_name_override': endpoint.serverName },
    );
    const gateway = connect({
      client,
      identity: { mspId: endpoint.mspId, credentials: Buffer.from(user.certificatePem) },
      signer: signers.newPrivateKeySigner(createPrivateKey(user.privateKeyPem)),
      hash: hash.sha256,
    });
    open.push({ gateway, client });
    return gateway.getNetwork(network.profile.channel).getContract(network.profile.chaincode);
  }

  async function put(key: string, value: string): Promise<void> {
    const nurse = await contract('hospital');
    await nurse.submit('Put', {
      arguments: [key],
      transientData: { value },
      endorsingOrganizations: BOTH,
    });
  }

  async function get(organization: string, mspId: string, key: string): Promise<string> {
    const nurse = await contract(organization);
    const options = { arguments: [key], endorsingOrganizations: [mspId] };
    return Buffer.from(await nurse.evaluate('Get', options)).toString();
  }

  test('is described by a connection profile that clients can parse', async () => {
    const profile = ConnectionProfile.parse(
      JSON.parse(await readFile(network.profileFile, 'utf8')),
    );
    expect(profile).toEqual(network.profile);
    expect(profile.organizations.insurer.mspId).toBe('InsurerMSP');
    expect(steps).toContain('chaincode pulse committed');
  });

  test('accepts a short-lived user and shows the role to the chaincode', async () => {
    const nurse = await contract('clinic');
    const role = await nurse.evaluate('Role', { endorsingOrganizations: ['ClinicMSP'] });
    expect(Buffer.from(role).toString()).toBe('nurse');
  });

  test('keeps private data at both providers and away from the insurer', async () => {
    await put('shared', 'between two');
    expect(await get('hospital', 'HospitalMSP', 'shared')).toBe('between two');
    expect(await get('clinic', 'ClinicMSP', 'shared')).toBe('between two');
    await expect(get('insurer', 'InsurerMSP', 'shared')).rejects.toThrow(
      'does not have read access permission',
    );
  });

  test('invalidates what only one provider endorsed', async () => {
    const nurse = await contract('hospital');
    const alone = nurse.submit('Put', {
      arguments: ['forged'],
      transientData: { value: 'x' },
      endorsingOrganizations: ['HospitalMSP'],
    });
    await expect(alone).rejects.toThrow('ENDORSEMENT_POLICY_FAILURE');
  });

  test('starts only once at a time', async () => {
    await expect(start()).rejects.toThrow('is taken by another program');
  });

  test('finds its ledger again after a restart, on the same ports', async () => {
    await put('kept', 'over the restart');
    const before = network.profile;
    hangUp();
    await network.stop();
    const ports = network.layout.peers.map((peer) => peer.grpc.port);
    expect(await Promise.all(ports.map((port) => accepts('127.0.0.1', port)))).not.toContain(true);
    network = await start();
    expect(network.profile).toEqual(before);
    // The hospital had the block before the stop; the clinic may read it only now.
    const hasIt = async (): Promise<boolean> =>
      (await get('clinic', 'ClinicMSP', 'kept')) === 'over the restart';
    expect(await eventually(hasIt, CATCH_UP_MS)).toBe(true);
    await put('kept', 'and goes on');
    expect(await get('clinic', 'ClinicMSP', 'kept')).toBe('and goes on');
  });

  test('commits a changed collection with a restart, and keeps what was written', async () => {
    hangUp();
    await network.stop();
    const present = NETWORK.chaincode.collections;
    const extract = present.find(({ name }) => name === 'extract')!;
    const collections = [...present, { ...extract, name: 'added' }];
    network = await startFabric({
      dataDir: join(folder, 'data'),
      chaincodeFolder: join(folder, 'chaincode'),
      definition: { ...NETWORK, chaincode: { ...NETWORK.chaincode, collections } },
    });
    expect(await get('hospital', 'HospitalMSP', 'kept')).toBe('and goes on');
    const nurse = await contract('hospital');
    const options = { arguments: ['added'], endorsingOrganizations: BOTH };
    expect(Buffer.from(await nurse.submit('PutIn', options)).toString()).toBe('written');
  });
});

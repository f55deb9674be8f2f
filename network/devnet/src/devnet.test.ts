import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { common, msp } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../definition/src/index.ts';
import { organizationKeys, readCertifiedKey } from '../../identity/src/index.ts';
import type { DevnetProfile } from './devnet.ts';
import { openLedger } from './ledger/open.ts';
import {
  connectAs,
  gatewayErrorOf,
  TestChaincode,
  TestNetwork,
} from './testing/running-network.ts';
import { ValidationCode } from './validator/envelope.ts';

const MAIN = join(__dirname, 'main.ts');
/** Blocks at once, so that tests do not wait for a timer. */
const QUICK = { ...NETWORK, block: { ...NETWORK.block, batchTimeoutMs: 20 } };

describe('a network in this process', () => {
  let network: TestNetwork;

  beforeAll(async () => {
    network = await TestNetwork.start({ definition: QUICK, launchTimeoutMs: 1000 });
  });

  afterAll(() => network.stop());

  test('keeps its ledger, ports and identities when it is closed and opened again', async () => {
    const before = network.devnet.profile;
    await (await network.user('hospital')).contract.submitTransaction('put', 'kept', '1');
    const height = network.devnet.height();
    await network.closeDevnet();
    await network.open();
    expect(network.devnet.profile).toEqual(before);
    expect(network.devnet.height()).toBe(height);
    const clinic = await network.user('clinic');
    expect(Buffer.from(await clinic.contract.evaluateTransaction('get', 'kept'))).toEqual(
      Buffer.from('1'),
    );
    await clinic.contract.submitTransaction('put', 'kept', '2');
    expect(network.devnet.height()).toBe(height + 1);
  });

  test('commits what it has accepted when it is closed', async () => {
    const { contract } = await network.user('hospital');
    const transaction = await contract
      .newProposal('put', { arguments: ['accepted', '1'] })
      .endorse();
    await transaction.submit();
    await network.closeDevnet();
    await network.open();
    const again = await network.user('hospital');
    expect(await again.contract.evaluateTransaction('get', 'accepted')).toHaveLength(1);
  });

  test('answers as Fabric when the chaincode is away, and goes on when it is back', async () => {
    const { contract } = await network.user('hospital');
    const endorsingOrganizations = ['HospitalMSP'];
    const sleep = { arguments: ['20000'], endorsingOrganizations };
    const running = contract.evaluate('sleep', sleep);
    const interrupted = gatewayErrorOf(running);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await network.chaincode.kill();
    expect((await interrupted).code).toBe(status.ABORTED);
    expect((await interrupted).details[0]?.message).toMatch(
      /^error in simulation: failed to execute transaction [0-9a-f]{64}: error sending: chaincode stream terminated$/,
    );
    const refused = await gatewayErrorOf(
      contract.evaluate('get', { arguments: ['kept'], endorsingOrganizations }),
    );
    expect(refused.code).toBe(status.ABORTED);
    expect(refused.details[0]?.message).toMatch(
      /^error in simulation: failed to execute transaction [0-9a-f]{64}: could not launch chaincode pulse_1.0:test: connection to pulse_1.0:test failed: /,
    );
    await network.chaincode.start();
    expect(Buffer.from(await contract.submitTransaction('put', 'back', '1')).toString()).toBe(
      'put back',
    );
  });

  test('does not open when one of its ports is taken, and says what to do', async () => {
    const { profile } = network.devnet;
    await network.closeDevnet();
    const port = Number(profile.organizations['clinic']?.endpoint.split(':')[1]);
    const thief = createServer().listen(port, '127.0.0.1');
    await once(thief, 'listening');
    await expect(network.open()).rejects.toThrow(
      `Port ${port} of clinic's gateway cannot be used. Stop the program that uses it`,
    );
    thief.close();
    await once(thief, 'close');
    await network.open();
  });

  test('starts with a block that describes its organizations', async () => {
    await network.closeDevnet();
    const ledger = await openLedger({
      dir: join(network.dir, 'ledger'),
      channel: NETWORK.channel,
      organizations: NETWORK.organizations.map((o) => o.mspId),
      namespaces: [NETWORK.chaincode],
    });
    const block = await ledger.block(0);
    await ledger.close();
    await network.open();
    const envelope = common.Envelope.deserializeBinary(block!.getData()!.getDataList_asU8()[0]!);
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
    const groups = config!.getChannelGroup()!.getGroupsMap();
    for (const name of ['Application', 'Orderer']) {
      const organizations = groups.get(name)!.getGroupsMap();
      expect(organizations.getLength()).toBe(3);
      const value = organizations.get('ClinicMSP')!.getValuesMap().get('MSP')!;
      const mspConfig = msp.MSPConfig.deserializeBinary(value.getValue_asU8());
      const fabric = msp.FabricMSPConfig.deserializeBinary(mspConfig.getConfig_asU8());
      expect(fabric.getName()).toBe('ClinicMSP');
      expect(fabric.getRootCertsList()).toHaveLength(1);
      expect(fabric.getIntermediateCertsList()).toHaveLength(1);
    }
  });
});

describe('the program', () => {
  let dir: string;
  let chaincode: TestChaincode;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'devnet-program-'));
    chaincode = await TestChaincode.create();
    await chaincode.start();
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await chaincode.kill();
    await rm(dir, { recursive: true });
  });

  async function run(): Promise<{ child: ChildProcess; profile: DevnetProfile }> {
    const flags = Object.entries(chaincode.addresses).flatMap(([organization, address]) => [
      '--chaincode',
      `${organization}=${address}`,
    ]);
    const args = [MAIN, 'run', '--data', dir, '--definition', 'default', ...flags];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const ready: unknown = JSON.parse(String((await once(child.stdout, 'data'))[0]));
    expect(ready).toMatchObject({ ready: true, readyMs: expect.any(Number) });
    const file = join(dir, 'run', 'connection-profile.json');
    return { child, profile: JSON.parse(await readFile(file, 'utf8')) as DevnetProfile };
  }

  async function client(profile: DevnetProfile) {
    const files = organizationKeys(join(dir, 'keys'), 'hospital').service('ingest');
    return connectAs(profile, 'hospital', await readCertifiedKey(files));
  }

  test('ends with 0 when it is asked to', async () => {
    const { child } = await run();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('has everything after kill -9 that it ever answered as committed', async () => {
    let committed = 0;
    for (let round = 0; round < 3; round += 1) {
      const { child, profile } = await run();
      const { contract, close } = await client(profile);
      const kept = await contract.evaluateTransaction('get', 'counter');
      const found = Buffer.from(kept).toString().length;
      expect(found).toBeGreaterThanOrEqual(committed);
      committed = found;
      const killed = new AbortController();
      const isKilled = (): boolean => killed.signal.aborted;
      const writing = (async () => {
        while (!isKilled()) {
          try {
            await contract.submitTransaction('append', 'counter', 'x');
            committed += 1;
          } catch (error) {
            if (!isKilled()) throw error;
          }
        }
      })();
      // Private data of the same time, from its own transactions.
      const writingPrivately = (async () => {
        for (let i = 0; !isKilled(); i += 1) {
          try {
            await contract.submit('putPrivate', {
              arguments: ['providers', `${round}-${i}`],
              transientData: { value: 'secret' },
            });
          } catch (error) {
            if (!isKilled()) throw error;
          }
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 700 + 150 * round));
      killed.abort();
      child.kill('SIGKILL');
      await once(child, 'exit');
      close();
      await Promise.all([writing, writingPrivately]);
    }
    const { child, profile } = await run();
    const { contract, close } = await client(profile);
    const kept = Buffer.from(await contract.evaluateTransaction('get', 'counter')).toString();
    expect(committed).toBeGreaterThan(2);
    expect(kept.length).toBeGreaterThanOrEqual(committed);
    // A commit that nobody was told of may have happened at each kill, but no more than that.
    expect(kept.length).toBeLessThanOrEqual(committed + 3);
    const secret = await contract.evaluateTransaction('getPrivate', 'providers', '0-0');
    expect(Buffer.from(secret).toString()).toBe('secret');
    close();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    const ledger = await openLedger({
      dir: join(dir, 'ledger'),
      channel: NETWORK.channel,
      organizations: NETWORK.organizations.map((o) => o.mspId),
      namespaces: [NETWORK.chaincode],
    });
    expect(await ledger.missingPrivateData(10)).toEqual([]);
    const last = await ledger.block(ledger.height - 1);
    await ledger.close();
    const codes = last?.getMetadata()?.getMetadataList_asU8()[
      common.BlockMetadataIndex.TRANSACTIONS_FILTER
    ];
    expect([...(codes ?? [])]).toContain(ValidationCode.VALID);
  });

  test.each([
    [
      ['run', '--data', join(__filename, 'no'), '--chaincode', 'hospital=127.0.0.1:1'],
      /^devnet: The data folder \S+ cannot be used \(ENOTDIR.*\)\. Choose another one with --data\.$/m,
    ],
    [['run', '--data', '.', '--chaincode', 'hospital'], /ORGANIZATION=HOST:PORT/],
    [['run', '--data', '.', '--definition', 'other'], /There is no definition "other"/],
  ])('called with %j ends with 1 and a reason', async (args, reason) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    const chunks: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(Buffer.concat(chunks).toString()).toMatch(reason);
  });
});

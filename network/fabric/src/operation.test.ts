import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { EndorseError } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from '../../processes/src/index.ts';
import {
  approveChaincode,
  commitChaincode,
  committedSequence,
  installChaincode,
} from './channel/lifecycle.ts';
import { type FabricNetwork, startFabric } from './network.ts';
import type { Operation } from './operation.ts';
import { findPrograms } from './programs.ts';
import { chaincodePackage } from './render/chaincode-package.ts';
import { text } from './render/layout.ts';
import { restoreSnapshot, takeSnapshot } from './snapshot/snapshot.ts';
import { Clients } from './testing/clients.ts';
import { Load, put } from './testing/load.ts';
import { NOTE, SKIPPED } from './testing/native.ts';
import { writeTestChaincode } from './testing/test-chaincode.ts';
import { localTools } from './tools.ts';

const describeNative = SKIPPED === undefined ? describe : describe.skip;

jest.setTimeout(300_000);

const HOSPITAL = 'peer0.hospital.pulse.test';
const CLINIC = 'peer0.clinic.pulse.test';

describeNative(`a native network that changes while it runs${NOTE}`, () => {
  let folder: string;
  let data: string;
  let network: FabricNetwork;
  const clients = new Clients(() => network.layout);
  /** Every key that was ever answered as committed. */
  const answered = new Set<string>();

  async function start(): Promise<FabricNetwork> {
    return startFabric({ dataDir: data, chaincodeFolder: await writeTestChaincode(folder, '1.0') });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-operation-'));
    data = join(folder, 'data');
    network = await start();
  });

  afterEach(() => {
    clients.close();
  });

  afterAll(async () => {
    clients.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function load(name: string): Promise<Load> {
    const contracts = await Promise.all([HOSPITAL, CLINIC].map((host) => clients.contract(host)));
    return new Load(name, contracts).start();
  }

  /** Writes at both providers' gateways while that happens, and adds to the count. */
  async function underLoad(name: string, work: () => Promise<unknown>): Promise<Load> {
    const writing = await load(name);
    try {
      const begun = (): Promise<boolean> => Promise.resolve(writing.answered.size > 5);
      expect(await eventually(begun, 60_000)).toBe(true);
      await work();
      const before = writing.answered.size;
      const goesOn = (): Promise<boolean> => Promise.resolve(writing.answered.size > before + 5);
      expect(await eventually(goesOn, 60_000)).toBe(true);
    } finally {
      await writing.stop();
    }
    for (const key of writing.answered) answered.add(key);
    return writing;
  }

  /** Every provider's peer has every answered key and its private value, and not one more. */
  async function expectNothingLost(): Promise<void> {
    const peers = network.layout.peers.filter((p) => p.organization.provider);
    for (const { host } of peers) {
      const counts = async (): Promise<string[]> => [
        await clients.ask(host, 'Count'),
        await clients.ask(host, 'CountPrivate', 'providers'),
      ];
      const wanted = String(answered.size);
      const isWhole = async (): Promise<boolean> => (await counts()).every((n) => n === wanted);
      await eventually(isWhole, 60_000, 500);
      expect([host, ...(await counts())]).toEqual([host, wanted, wanted]);
    }
  }

  async function perform(operation: Operation): Promise<string[]> {
    const steps: string[] = [];
    await network.perform(operation, ({ step }) => steps.push(step));
    return steps;
  }

  test('takes a peer under load: nothing is lost, and the new one has everything', async () => {
    await underLoad('peer', () =>
      perform({ verb: 'add-peer', organization: 'hospital', node: 'peer1' }),
    );
    await expectNothingLost();
    expect(network.layout.peers.map((p) => p.host)).toContain('peer1.hospital.pulse.test');
  });

  test('takes an orderer under load: nothing is lost', async () => {
    await underLoad('orderer', () =>
      perform({ verb: 'add-orderer', organization: 'clinic', node: 'orderer1' }),
    );
    await expectNothingLost();
  });

  test('takes an organization, which reads what it should and nothing else', async () => {
    await underLoad('org', () =>
      perform({
        verb: 'add-org',
        organization: {
          name: 'laboratory',
          mspId: 'LaboratoryMSP',
          domain: 'laboratory.pulse.test',
          provider: false,
          peers: ['peer0'],
          orderers: [],
        },
        collections: ['extract'],
      }),
    );
    await expectNothingLost();
    const host = 'peer0.laboratory.pulse.test';
    await put(await clients.contract(HOSPITAL), 'for-laboratory', 'seen by four');
    answered.add('for-laboratory');
    const reads = async (): Promise<boolean> =>
      (await clients.ask(host, 'Get', 'extract', 'for-laboratory').catch(() => '')) ===
      'seen by four';
    expect(await eventually(reads, 60_000, 300)).toBe(true);
    expect(await clients.ask(host, 'Count')).toBe(String(answered.size));
    await expect(clients.ask(host, 'Get', 'providers', 'for-laboratory')).rejects.toThrow(
      'does not have read access permission',
    );
    expect(network.profile.organizations['laboratory']?.mspId).toBe('LaboratoryMSP');
  });

  test('changes its chaincode under load, and goes back to the former (rollback)', async () => {
    const next = await writeTestChaincode(folder, '2.0');
    await underLoad('upgrade', () => perform({ verb: 'deploy', version: '2.0', folder: next }));
    expect(await clients.ask(HOSPITAL, 'Version')).toBe('2.0');
    expect(await clients.ask(CLINIC, 'Version')).toBe('2.0');
    await underLoad('rollback', () => perform({ verb: 'deploy', version: '1.0' }));
    expect(await clients.ask(HOSPITAL, 'Version')).toBe('1.0');
    await expectNothingLost();
  });

  test('changes nothing for a chaincode that does not start', async () => {
    const broken = join(folder, 'chaincode-broken');
    await writeTestChaincode(folder, 'broken');
    await writeFile(join(broken, 'index.js'), 'throw new Error("not today");');
    const sequence = await committedSequence(network.layout, localTools(findPrograms()));
    const deploying = perform({ verb: 'deploy', version: '6.6', folder: broken });
    await expect(deploying).rejects.toThrow('not today');
    expect(network.state.pending).toBeUndefined();
    expect(await committedSequence(network.layout, localTools(findPrograms()))).toBe(sequence);
    await underLoad('broken', () => Promise.resolve());
  });

  test('F12: refuses to commit another package that only one organization approved', async () => {
    const tools = localTools(findPrograms());
    const { layout } = network;
    const { chaincode } = layout.definition;
    const definition = { ...layout.definition, chaincode: { ...chaincode, version: '9.9' } };
    const chaincodes = layout.chaincodes.map((place) => ({
      ...place,
      packageFile: join(folder, `${place.organization.name}-9.9.tgz`),
    }));
    for (const { packageFile, grpc } of chaincodes) {
      await writeFile(packageFile, chaincodePackage('pulse_9.9', text(grpc)));
    }
    const other = { ...layout, definition, chaincodes };
    const sequence = (await committedSequence(layout, tools)) + 1;
    const peer = clients.peer(HOSPITAL);
    await installChaincode(other, tools, peer);
    await approveChaincode(other, tools, { peer, sequence });
    await expect(commitChaincode(other, tools, sequence)).rejects.toThrow(
      'chaincode definition not agreed to by this org',
    );
    expect(await committedSequence(layout, tools)).toBe(sequence - 1);
    await underLoad('unapproved', () => Promise.resolve());
  });

  test('renews every certificate under load, orderers last: nothing is lost', async () => {
    const orderer = network.layout.orderers[0]!;
    const before = await readFile(orderer.keys.tls.certificateFile, 'utf8');
    let steps: string[] = [];
    await underLoad('renewal', async () => {
      steps = await perform({ verb: 'renew', expiringBefore: '9999-01-01T00:00:00Z' });
    });
    const renewed = steps.filter((step) => step.endsWith('has new certificates'));
    const { peers, orderers } = network.layout;
    expect(renewed).toHaveLength(peers.length + orderers.length);
    expect(renewed.slice(peers.length).every((step) => step.startsWith('orderer'))).toBe(true);
    expect(await readFile(orderer.keys.tls.certificateFile, 'utf8')).not.toBe(before);
    await expectNothingLost();
    expect(await perform({ verb: 'renew', expiringBefore: new Date().toISOString() })).toEqual([]);
  });

  test('F11: refuses a certificate from the block on that revokes it, and no other', async () => {
    const user = await clients.nurse('hospital');
    await put(await clients.contract(HOSPITAL, user), 'before-revocation', 'x');
    answered.add('before-revocation');
    const { certificatePem } = user;
    await perform({ verb: 'revoke', organization: 'hospital', certificatePem });
    for (const host of [HOSPITAL, CLINIC]) {
      const refused = put(await clients.contract(host, user), 'after-revocation', 'x');
      const error = await refused.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: status.ABORTED });
      // By every peer that was asked, those of the other organization, too.
      const messages = error instanceof EndorseError ? error.details.map((d) => d.message) : [];
      expect(messages.length).toBeGreaterThan(1);
      const reason = 'access denied: channel [records] creator org [HospitalMSP]';
      for (const message of messages) expect(message).toContain(reason);
    }
    await underLoad('others', () => Promise.resolve());
    await expectNothingLost();
  });

  test('F13: purges private data everywhere, while its hash stays in the block', async () => {
    const contract = await clients.contract(HOSPITAL);
    const options = { arguments: ['secret'], endorsingOrganizations: ['HospitalMSP', 'ClinicMSP'] };
    const value = 'nobody shall read this again';
    const proposal = contract.newProposal('Put', { ...options, transientData: { value } });
    const submitted = await (await proposal.endorse()).submit();
    const { blockNumber } = await submitted.getStatus();
    const digest = createHash('sha256').update(value).digest();
    expect(await clients.ask(CLINIC, 'Hash', 'secret')).toBe(digest.toString('hex'));
    await contract.submit('Purge', options);
    for (const host of [HOSPITAL, CLINIC]) {
      const isGone = async (): Promise<boolean> =>
        (await clients.ask(host, 'Get', 'providers', 'secret')) === '';
      expect(await eventually(isGone, 30_000, 200)).toBe(true);
    }
    const { channel } = network.layout.definition;
    const qscc = (await clients.gateway(CLINIC)).getNetwork(channel).getContract('qscc');
    const block = await qscc.evaluate('GetBlockByNumber', {
      arguments: [channel, blockNumber.toString()],
      endorsingOrganizations: ['ClinicMSP'],
    });
    expect(common.Block.deserializeBinary(block).getHeader()?.getNumber()).toBe(
      Number(blockNumber),
    );
    expect(Buffer.from(block).includes(digest)).toBe(true);
    expect(Buffer.from(block).includes(value)).toBe(false);
    // What remains of it is the public note, which the full counts must not stumble over.
    await contract.submit('Put', { ...options, transientData: { value: 'again' } });
    answered.add('secret');
  });

  test('makes no progress without a quorum of orderers, loses nothing, and goes on by itself', async () => {
    const { orderers } = network.layout;
    const down = orderers.slice(0, Math.ceil(orderers.length / 2)).map((o) => o.host);
    const writing = await load('quorum');
    const begun = (): Promise<boolean> => Promise.resolve(writing.answered.size > 5);
    expect(await eventually(begun, 60_000)).toBe(true);
    await Promise.all(down.map((host) => network.stopNode(host)));
    // What was ordered before is committed now; after that the count stands still.
    let last = -1;
    const standsStill = async (): Promise<boolean> => {
      const isSame = writing.answered.size === last;
      last = writing.answered.size;
      return Promise.resolve(isSame);
    };
    expect(await eventually(standsStill, 60_000, 3_000)).toBe(true);
    expect(await eventually(() => Promise.resolve(writing.answered.size > last), 5_000)).toBe(
      false,
    );
    await Promise.all(down.map((host) => network.startNode(host)));
    const goesOn = (): Promise<boolean> => Promise.resolve(writing.answered.size > last + 5);
    expect(await eventually(goesOn, 90_000)).toBe(true);
    await writing.stop();
    for (const key of writing.answered) answered.add(key);
    await expectNothingLost();
  });

  test('starts a killed peer and a killed orderer again, and loses nothing', async () => {
    const victims = [HOSPITAL, network.layout.orderers[0]!.host];
    const pids = (): (number | undefined)[] =>
      victims.map((name) => network.nodes().find((node) => node.name === name)?.pid);
    const before = pids();
    await underLoad('killed', async () => {
      for (const pid of before) process.kill(pid!, 'SIGKILL');
      const areBack = (): Promise<boolean> =>
        Promise.resolve(pids().every((pid, i) => pid !== undefined && pid !== before[i]));
      expect(await eventually(areBack, 60_000, 200)).toBe(true);
    });
    await expectNothingLost();
    const crashes = victims.map((name) => network.nodes().find((n) => n.name === name)?.crashes);
    expect(crashes).toEqual([1, 1]);
  });

  test('comes back from a snapshot with everything that was in it, and nothing later', async () => {
    await underLoad('kept', () => Promise.resolve());
    const size = answered.size;
    clients.close();
    const snapshot = join(folder, 'snapshot');
    await expect(takeSnapshot(data, snapshot, 'records')).rejects.toThrow(/runs|is open/);
    await network.stop();
    await takeSnapshot(data, snapshot, 'records');
    network = await start();
    const kept = new Set(answered);
    await underLoad('later', () => Promise.resolve());
    expect(answered.size).toBeGreaterThan(size);
    clients.close();
    await network.stop();
    await restoreSnapshot(data, snapshot, true);
    network = await start();
    answered.clear();
    for (const key of kept) answered.add(key);
    await expectNothingLost();
    await underLoad('afterwards', () => Promise.resolve());
    await expectNothingLost();
  });
});

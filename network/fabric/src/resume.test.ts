import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type FabricNetwork, startFabric } from './network.ts';
import type { Operation } from './operation.ts';
import { Clients } from './testing/clients.ts';
import { put } from './testing/load.ts';
import { NOTE, SKIPPED } from './testing/native.ts';
import { writeTestChaincode } from './testing/test-chaincode.ts';

const describeNative = SKIPPED === undefined ? describe : describe.skip;

jest.setTimeout(300_000);

const HOSPITAL = 'peer0.hospital.pulse.test';
const MAX_STEPS = 30;
const LABORATORY: Operation = {
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
};

describeNative(`a change that is cut off${NOTE}`, () => {
  let folder: string;
  let network: FabricNetwork;
  const clients = new Clients(() => network.layout);
  const told: string[] = [];

  async function start(): Promise<FabricNetwork> {
    return startFabric({
      dataDir: join(folder, 'data'),
      chaincodeFolder: await writeTestChaincode(folder, '1.0'),
      onCrash: (message) => told.push(message),
    });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-resume-'));
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

  /** @returns whether it was cut off, after that many steps. */
  async function cutOffAfter(steps: number, operation: Operation): Promise<boolean> {
    let done = 0;
    try {
      await network.perform(operation, () => {
        done += 1;
        if (done === steps) throw new Error('cut off');
      });
      return false;
    } catch (error) {
      expect(String(error)).toBe('Error: cut off');
      return true;
    }
  }

  /** Cuts it off after its first step, then after its second, and so on until it gets through. */
  async function cutOffEverywhere(operation: Operation): Promise<number> {
    let steps = 1;
    while (steps < MAX_STEPS && (await cutOffAfter(steps, operation))) steps += 1;
    expect(network.state.pending).toBeUndefined();
    return steps;
  }

  async function expectUsable(key: string): Promise<void> {
    await put(await clients.contract(HOSPITAL), key, 'value');
    expect(await clients.ask('peer0.clinic.pulse.test', 'Get', 'providers', key)).toBe('value');
  }

  test('after any step goes on where it was: a peer', async () => {
    const operation = { verb: 'add-peer', organization: 'clinic', node: 'peer1' } as const;
    expect(await cutOffEverywhere(operation)).toBeGreaterThan(4);
    await expectUsable('peer');
  });

  test('after any step goes on where it was: an orderer', async () => {
    const operation = { verb: 'add-orderer', organization: 'insurer', node: 'orderer1' } as const;
    expect(await cutOffEverywhere(operation)).toBeGreaterThan(4);
    await expectUsable('orderer');
  });

  test('after any step goes on where it was: an organization', async () => {
    expect(await cutOffEverywhere(LABORATORY)).toBeGreaterThan(6);
    expect(await clients.ask('peer0.laboratory.pulse.test', 'Version')).toBe('1.0');
    await expectUsable('organization');
  });

  test('after any step goes on where it was: another chaincode', async () => {
    const next = await writeTestChaincode(folder, '2.0');
    const operation = { verb: 'deploy', version: '2.0', folder: next } as const;
    expect(await cutOffEverywhere(operation)).toBeGreaterThan(3);
    expect(await clients.ask(HOSPITAL, 'Version')).toBe('2.0');
    await expectUsable('chaincode');
  });

  test('after any step goes on where it was: renewal, and renews nothing twice', async () => {
    const operation = { verb: 'renew', expiringBefore: '9999-01-01T00:00:00Z' } as const;
    const nodes = network.layout.peers.length + network.layout.orderers.length;
    // Services and administrators are one step; each node is done once, in whichever attempt.
    expect(await cutOffEverywhere(operation)).toBeLessThanOrEqual(nodes + 2);
    await expectUsable('renewal');
  });

  test('does not let another change begin', async () => {
    const peer = { verb: 'add-peer', organization: 'hospital', node: 'peer1' } as const;
    expect(await cutOffAfter(1, peer)).toBe(true);
    const other = network.perform({ verb: 'deploy', version: '3.0' });
    await expect(other).rejects.toThrow('"add-peer hospital peer1" was begun and is not finished');
  });

  test('is finished by the next start', async () => {
    const peer = { verb: 'add-peer', organization: 'insurer', node: 'peer1' } as const;
    const begun = network.state.pending ?? peer;
    await cutOffAfter(2, begun);
    clients.close();
    await network.stop();
    network = await start();
    expect(network.state.pending).toBeUndefined();
    expect(told.filter((message) => message.includes('could not be finished'))).toEqual([]);
    expect(network.layout.peers.filter((p) => p.name === 'peer1').length).toBeGreaterThan(0);
    await expectUsable('restart');
  });

  test('and cannot be begun when it makes no sense, says why', async () => {
    const refusals: [Operation, string][] = [
      [{ verb: 'add-peer', organization: 'nowhere', node: 'peer9' }, 'no organization "nowhere"'],
      [{ verb: 'add-peer', organization: 'clinic', node: 'peer0' }, 'exists already'],
      [{ ...LABORATORY, collections: [] }, 'exists already'],
      [
        { verb: 'revoke', organization: 'clinic', certificatePem: '-----BEGIN CERTIFICATE-----' },
        'no certificate',
      ],
    ];
    for (const [operation, why] of refusals) {
      await expect(network.perform(operation)).rejects.toThrow(why);
    }
    expect(network.state.pending).toBeUndefined();
  });
});

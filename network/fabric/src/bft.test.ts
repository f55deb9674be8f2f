import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from '../../processes/src/index.ts';
import { isLeader, readMetrics } from './metrics.ts';
import { type FabricNetwork, startFabric } from './network.ts';
import type { OrdererPlace } from './render/layout.ts';
import { definitionFor } from './run.ts';
import { Clients } from './testing/clients.ts';
import { Load } from './testing/load.ts';
import { NOTE, SKIPPED } from './testing/native.ts';
import { writeTestChaincode } from './testing/test-chaincode.ts';

const describeNative = SKIPPED === undefined ? describe : describe.skip;

jest.setTimeout(240_000);

const HOSPITAL = 'peer0.hospital.pulse.test';
const CLINIC = 'peer0.clinic.pulse.test';

describeNative(`a native network under BFT${NOTE}`, () => {
  let folder: string;
  let network: FabricNetwork;
  const clients = new Clients(() => network.layout);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-bft-'));
    network = await startFabric({
      dataDir: join(folder, 'data'),
      chaincodeFolder: await writeTestChaincode(folder, '1.0'),
      definition: definitionFor('bft'),
    });
  });

  afterEach(() => {
    clients.close();
  });

  afterAll(async () => {
    clients.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function leader(): Promise<OrdererPlace> {
    const { orderers, definition } = network.layout;
    for (const orderer of orderers) {
      const metrics = await readMetrics(orderer.operations, definition.channel);
      if (isLeader(metrics) === true) return orderer;
    }
    throw new Error('nobody leads');
  }

  async function whileWriting(name: string, work: () => Promise<void>): Promise<Load> {
    const contracts = await Promise.all([HOSPITAL, CLINIC].map((host) => clients.contract(host)));
    const load = new Load(name, contracts).start();
    const more = (count: number): Promise<boolean> =>
      eventually(() => Promise.resolve(load.answered.size > count), 90_000);
    try {
      expect(await more(5)).toBe(true);
      await work();
      expect(await more(load.answered.size + 5)).toBe(true);
    } finally {
      await load.stop();
    }
    return load;
  }

  test('starts with four orderers, and orders', async () => {
    expect(network.layout.orderers).toHaveLength(4);
    expect(network.state.consensus).toBe('bft');
    await whileWriting('start', () => Promise.resolve());
  });

  test('bears the loss of any one orderer, the leader too, and loses nothing', async () => {
    const before = Number(await clients.ask(CLINIC, 'Count'));
    const { host } = await leader();
    const load = await whileWriting('loss', () => network.stopNode(host));
    expect((await leader()).host).not.toBe(host);
    await network.startNode(host);
    const wanted = String(before + load.answered.size);
    for (const peer of [HOSPITAL, CLINIC]) {
      const isWhole = async (): Promise<boolean> => (await clients.ask(peer, 'Count')) === wanted;
      expect(await eventually(isWhole, 60_000, 500)).toBe(true);
    }
  });

  test('takes a fifth orderer, under load', async () => {
    await whileWriting('fifth', () =>
      network.perform({ verb: 'add-orderer', organization: 'clinic', node: 'orderer1' }),
    );
    expect(new Set(Object.values(network.state.consenterIds)).size).toBe(5);
  });
});

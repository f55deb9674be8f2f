import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../definition/src/index.ts';
import { stateFile } from './local-layout.ts';
import type { Operation } from './operation.ts';
import {
  effectivePlan,
  initialState,
  type NetworkState,
  newestWish,
  readState,
  StateError,
  settledState,
  withOrganization,
  writeState,
} from './state.ts';

const LABORATORY = {
  name: 'laboratory',
  mspId: 'LaboratoryMSP',
  domain: 'laboratory.pulse.test',
  provider: false,
  peers: ['peer0'],
  orderers: [],
};

function withPeer(pending?: Operation): NetworkState {
  const grown = withOrganization(initialState(NETWORK), 'clinic', (o) => ({
    ...o,
    peers: [...o.peers, 'peer1'],
  }));
  return { ...grown, pending };
}

describe('the state of a network', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-state-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('is read as it was written, and nothing is there before', async () => {
    const data = join(folder, 'kept');
    expect(await readState(data)).toBeUndefined();
    const state = withPeer({ verb: 'add-peer', organization: 'clinic', node: 'peer1' });
    await writeState(data, state);
    expect(await readState(data)).toEqual(state);
  });

  test('that is damaged stops the start instead of making another network', async () => {
    const data = join(folder, 'damaged');
    await writeState(data, withPeer());
    const file = stateFile(data);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"raft"', '"solo"'));
    await expect(readState(data)).rejects.toThrow(StateError);
  });

  test('grows away from the definition that it was made from', () => {
    const { definition } = effectivePlan(withPeer(), NETWORK);
    expect(definition.organizations.map((o) => o.peers.length)).toEqual([1, 2, 1]);
    expect(definition.chaincode).toEqual(NETWORK.chaincode);
    expect(definition.block).toEqual(NETWORK.block);
  });

  test('adds members to collections of whatever definition there is', () => {
    const state = {
      ...initialState(NETWORK),
      organizations: [...NETWORK.organizations, LABORATORY],
      addedMembers: { extract: ['LaboratoryMSP'] },
    };
    const { chaincode } = effectivePlan(state, NETWORK).definition;
    expect(chaincode.collections.map((c) => c.members.includes('LaboratoryMSP'))).toEqual([
      false,
      true,
      false,
    ]);
  });

  test('leaves out what is still being added, but never an orderer', () => {
    const peer = withPeer({ verb: 'add-peer', organization: 'clinic', node: 'peer1' });
    expect(settledState(peer).organizations).toEqual(NETWORK.organizations);
    expect(settledState(withPeer())).toEqual(withPeer());
    const member: NetworkState = {
      ...initialState(NETWORK),
      organizations: [...NETWORK.organizations, LABORATORY],
      addedMembers: { extract: ['LaboratoryMSP'] },
      pending: { verb: 'add-org', organization: LABORATORY, collections: ['extract'] },
    };
    const settled = settledState(member);
    expect(settled.organizations).toEqual(NETWORK.organizations);
    expect(effectivePlan(settled, NETWORK).definition.chaincode).toEqual(NETWORK.chaincode);
    const orderer = withOrganization(initialState(NETWORK), 'clinic', (o) => ({
      ...o,
      orderers: [...o.orderers, 'orderer1'],
    }));
    const pending = { verb: 'add-orderer', organization: 'clinic', node: 'orderer1' } as const;
    expect(settledState({ ...orderer, pending }).organizations).toEqual(orderer.organizations);
  });

  test('keeps a deployed chaincode until the code asks for another version than before', () => {
    const deployed: NetworkState = {
      ...initialState(NETWORK),
      chaincode: { version: '7', slot: 'green', wanted: NETWORK.chaincode.version },
    };
    expect(newestWish(deployed, NETWORK).chaincode.version).toBe('7');
    const newer = { ...NETWORK, chaincode: { ...NETWORK.chaincode, version: '8' } };
    const wished = newestWish(deployed, newer);
    expect(wished.chaincode).toEqual({ version: '8', slot: 'green', wanted: '8' });
  });
});

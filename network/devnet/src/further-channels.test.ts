import { describe, expect, test } from '@jest/globals';
import { defineNetwork } from './define-network.ts';
import { furtherChannels } from './further-channels.ts';

const DEFINITION = defineNetwork({
  organizations: ['Org1MSP', 'Org2MSP', 'Org3MSP'],
  chaincode: { name: 'assets', endorsementPolicy: "AND('Org1MSP.peer','Org3MSP.peer')" },
  collections: [
    { name: 'both', members: ['Org1MSP', 'Org2MSP'] },
    { name: 'third', members: ['Org1MSP', 'Org3MSP'] },
  ],
});
const ADDRESSES = { org1: 'localhost:1' };

describe('further channels', () => {
  test('have the chaincode as their members can run it', () => {
    const [side] = furtherChannels(DEFINITION, ADDRESSES, [
      { name: 'side', organizations: ['Org1MSP', 'org2'] },
    ]);
    expect(side?.organizations).toEqual(['org1', 'org2']);
    const [{ definition, addresses } = { definition: undefined, addresses: {} }] =
      side?.chaincodes ?? [];
    expect(definition?.endorsementPolicy).toBe("OutOf(2,'Org1MSP.peer','Org2MSP.peer')");
    expect(definition?.collections.map(({ name }) => name)).toEqual(['both']);
    expect(addresses).toBe(ADDRESSES);
  });

  test('are of all organizations, when none are named', () => {
    const [all] = furtherChannels(DEFINITION, ADDRESSES, [{ name: 'all' }]);
    expect(all?.organizations).toEqual(['org1', 'org2', 'org3']);
    expect(all?.chaincodes?.[0]?.definition.collections).toHaveLength(2);
  });

  test('have no strangers', () => {
    const stranger = { name: 'side', organizations: ['GhostMSP'] };
    expect(() => furtherChannels(DEFINITION, ADDRESSES, [stranger])).toThrow(
      'The channel "side" names "GhostMSP". The organizations are Org1MSP, Org2MSP, Org3MSP.',
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import { collectionsConfig } from './collections-config.ts';
import { defineNetwork } from './define-network.ts';

const PRICES = { name: 'prices', policy: "OR('Org1MSP.member', 'Org2MSP.member')" };

describe("Fabric's file of collections", () => {
  test('says who is a member, and what is not said is as with Fabric', () => {
    const definition = defineNetwork({
      organizations: ['Org1MSP', 'Org2MSP'],
      chaincode: { name: 'assets' },
      collections: collectionsConfig([PRICES]),
    });
    expect(definition.chaincode.collections).toEqual([
      {
        name: 'prices',
        members: ['Org1MSP', 'Org2MSP'],
        requiredPeerCount: 0,
        maxPeerCount: 1,
        blockToLive: 0,
        memberOnlyRead: false,
        memberOnlyWrite: false,
      },
    ]);
  });

  test('may say everything', () => {
    const rest = { requiredPeerCount: 1, maxPeerCount: 2, blockToLive: 3 };
    const flags = { memberOnlyRead: true, memberOnlyWrite: true };
    const signaturePolicy = "OR('Org1MSP.peer')";
    expect(
      collectionsConfig([{ ...PRICES, ...rest, ...flags, endorsementPolicy: { signaturePolicy } }]),
    ).toEqual([
      {
        name: 'prices',
        members: ['Org1MSP', 'Org2MSP'],
        ...rest,
        ...flags,
        endorsementPolicy: signaturePolicy,
      },
    ]);
  });

  test.each([
    ["AND('Org1MSP.member','Org2MSP.member')"],
    ["OR('Org1MSP.peer')"],
    ["OR('Org1MSP.member',AND('Org2MSP.member','Org3MSP.member'))"],
    ['nothing'],
  ])('is refused with the member policy %s', (policy) => {
    expect(() => collectionsConfig([{ ...PRICES, policy }])).toThrow('an OR of members only');
  });

  test("is refused when a collection is endorsed by a policy of the channel's", () => {
    const endorsementPolicy = { channelConfigPolicy: '/Channel/Application/Endorsement' };
    expect(() => collectionsConfig([{ ...PRICES, endorsementPolicy }])).toThrow('signaturePolicy');
  });
});

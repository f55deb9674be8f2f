import { describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import type { ChaincodeCall } from '../endorser/interest.ts';
import { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import { parsePolicy } from '../policy/parse.ts';
import { DiscoveryError, endorsementLayouts } from './discovery.ts';
import type { GatewayPeer } from './peers.ts';

/** Only what discovery looks at. */
const PEERS = NETWORK.organizations.map(({ mspId }) => ({ mspId }) as GatewayPeer);

function definitions(endorsementPolicy: string): ChaincodeDefinitions {
  const [providers] = NETWORK.chaincode.collections;
  return new ChaincodeDefinitions({
    ...NETWORK,
    chaincode: {
      ...NETWORK.chaincode,
      endorsementPolicy,
      collections: [{ ...providers!, endorsementPolicy: undefined }],
    },
  });
}

function interest(call: Partial<ChaincodeCall> = {}): ChaincodeCall {
  return {
    chaincode: 'pulse',
    collection: undefined,
    keyPolicies: [],
    disregardsChaincodePolicy: false,
    hasNoPrivateReads: false,
    ...call,
  };
}

function layouts(policy: string, ...calls: ChaincodeCall[]): string[] {
  return endorsementLayouts(calls, PEERS, definitions(policy)).map((layout) =>
    layout
      .map((peer) => peer.mspId.replace('MSP', ''))
      .sort()
      .join('+'),
  );
}

describe('who can endorse', () => {
  test.each([
    ["AND('HospitalMSP.peer','ClinicMSP.peer')", ['Clinic+Hospital']],
    ["OR('HospitalMSP.peer','ClinicMSP.member')", ['Hospital', 'Clinic']],
    [
      "OutOf(2,'HospitalMSP.peer','ClinicMSP.peer','InsurerMSP.peer')",
      ['Clinic+Hospital', 'Hospital+Insurer', 'Clinic+Insurer'],
    ],
    ["OR('HospitalMSP.admin','ClinicMSP.peer')", ['Clinic']],
    [
      "OR(AND('HospitalMSP.peer','ClinicMSP.peer'),'InsurerMSP.peer')",
      ['Insurer', 'Clinic+Hospital'],
    ],
  ])('of %s is %j', (policy, expected) => {
    expect(layouts(policy, interest()).sort()).toEqual([...expected].sort());
  });

  test('is a combination with the fewest peers first', () => {
    const policy = "OR(AND('HospitalMSP.peer','ClinicMSP.peer'),'InsurerMSP.peer')";
    expect(layouts(policy, interest())[0]).toBe('Insurer');
  });

  test('must satisfy the policies of all keys and collections together', () => {
    const keyPolicies = [parsePolicy("AND('InsurerMSP.peer')")];
    const policy = "OR('HospitalMSP.peer','ClinicMSP.peer')";
    expect(layouts(policy, interest({ keyPolicies }))).toEqual([
      'Hospital+Insurer',
      'Clinic+Insurer',
    ]);
    const own = interest({ keyPolicies, disregardsChaincodePolicy: true });
    expect(layouts(policy, own)).toEqual(['Insurer']);
    const implicit = { collection: '_implicit_org_InsurerMSP', hasNoPrivateReads: true };
    expect(layouts(policy, interest(), interest(implicit))).toEqual([
      'Hospital+Insurer',
      'Clinic+Insurer',
    ]);
  });

  test('is a member of the collection when its values were read', () => {
    const policy = "OR('InsurerMSP.peer','ClinicMSP.peer')";
    const written = interest({ collection: 'providers', hasNoPrivateReads: true });
    expect(layouts(policy, written)).toEqual(['Insurer', 'Clinic']);
    const read = interest({ collection: 'providers' });
    expect(layouts(policy, read)).toEqual(['Clinic']);
  });

  test.each([
    ["AND('HospitalMSP.peer','HospitalMSP.peer')", interest(), 'no peer combination'],
    ["OR('HospitalMSP.client')", interest(), 'no peer combination'],
    [
      "OR('HospitalMSP.peer')",
      interest({ chaincode: 'other' }),
      'No metadata was found for chaincode other in channel records',
    ],
    [
      "OR('HospitalMSP.peer')",
      interest({ collection: '_implicit_org_NobodyMSP' }),
      'policy not found',
    ],
  ])('of %s with %j is nobody', (policy, call, reason) => {
    expect(() => layouts(policy, call)).toThrow(DiscoveryError);
    expect(() => layouts(policy, call)).toThrow(reason);
  });
});

import { describe, expect, test } from '@jest/globals';
import {
  hostName,
  memberPolicy,
  type NetworkDefinition,
  networkDefinitionSchema,
  organizationNamed,
  policyMspIds,
} from './definition.ts';
import { NETWORK } from './pulse-network.ts';

function problems(change: Partial<NetworkDefinition>): string[] {
  const result = networkDefinitionSchema.safeParse({ ...NETWORK, ...change });
  return result.success ? [] : result.error.issues.map((issue) => issue.message);
}

describe('the network definition', () => {
  test('gives every organization a peer and an orderer of its own', () => {
    expect(NETWORK.organizations.map((o) => [o.peers.length, o.orderers.length])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  test('lets no single provider write the record', () => {
    const providers = NETWORK.organizations.filter((o) => o.provider).map((o) => o.mspId);
    for (const { endorsementPolicy } of [NETWORK.chaincode, ...NETWORK.chaincode.collections]) {
      expect(endorsementPolicy).toMatch(/^AND\(/);
      expect(policyMspIds(endorsementPolicy ?? '')).toEqual(providers);
    }
  });

  test('keeps the insurer out of the providers collection', () => {
    const policies = NETWORK.chaincode.collections.map((c) => [c.name, memberPolicy(c)]);
    expect(policies).toEqual([
      ['providers', "OR('HospitalMSP.member','ClinicMSP.member')"],
      ['extract', "OR('HospitalMSP.member','ClinicMSP.member','InsurerMSP.member')"],
      ['directory', "OR('HospitalMSP.member','ClinicMSP.member','InsurerMSP.member')"],
    ]);
  });

  test('refuses a policy that names an unknown MSP', () => {
    const chaincode = { ...NETWORK.chaincode, endorsementPolicy: "AND('GhostMSP.peer')" };
    expect(problems({ chaincode })).toEqual(['no organization has the MSP ID GhostMSP']);
  });

  test('refuses an organization named twice', () => {
    const [first] = NETWORK.organizations;
    const twice = problems({ organizations: [...NETWORK.organizations, first!] });
    expect(twice).toContain('hospital is named twice');
    expect(twice).toContain('HospitalMSP is named twice');
  });

  test('refuses a network without an orderer', () => {
    const organizations = NETWORK.organizations.map((o) => ({ ...o, orderers: [] }));
    expect(problems({ organizations })).toEqual(['no organization runs an orderer']);
  });

  test('refuses a name that could leave its folder', () => {
    const organizations = NETWORK.organizations.map((o) => ({ ...o, name: `../${o.name}` }));
    expect(problems({ organizations })).toHaveLength(3);
  });

  test('finds an organization by name and says when there is none', () => {
    expect(organizationNamed(NETWORK, 'clinic').mspId).toBe('ClinicMSP');
    expect(() => organizationNamed(NETWORK, 'pharmacy')).toThrow('no organization "pharmacy"');
  });

  test('names nodes inside the domain of their organization', () => {
    expect(hostName(organizationNamed(NETWORK, 'hospital'), 'peer0')).toBe(
      'peer0.hospital.pulse.test',
    );
  });
});

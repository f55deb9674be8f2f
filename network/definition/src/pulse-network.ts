import {
  type NetworkDefinition,
  networkDefinitionSchema,
  type OrganizationDefinition,
} from './definition.ts';

const MEGABYTE = 1024 * 1024;

function pulseOrganization(name: string, mspId: string, provider: boolean): OrganizationDefinition {
  const domain = `${name}.pulse.test`;
  return { name, mspId, domain, provider, peers: ['peer0'], orderers: ['orderer0'] };
}

/** Both providers, always: with OR one of them alone could overwrite a reading. */
const BOTH_PROVIDERS = "AND('HospitalMSP.peer','ClinicMSP.peer')";

/**
 * Pulseledger's own network: a hospital, a clinic and an insurer, each with a peer and an orderer
 * of its own, so that no party orders or keeps the record alone.
 *
 * Private data of `providers` is not pushed at endorsement (0/0): both member organizations endorse
 * and so have it already. `extract` and `directory` are pushed (0/2), since the insurer is a member that never
 * endorses. `directory` holds who practises where: nothing of a patient.
 */
export const NETWORK: NetworkDefinition = networkDefinitionSchema.parse({
  channel: 'records',
  organizations: [
    pulseOrganization('hospital', 'HospitalMSP', true),
    pulseOrganization('clinic', 'ClinicMSP', true),
    pulseOrganization('insurer', 'InsurerMSP', false),
  ],
  chaincode: {
    name: 'pulse',
    version: '1.0',
    endorsementPolicy: BOTH_PROVIDERS,
    collections: [
      {
        name: 'providers',
        members: ['HospitalMSP', 'ClinicMSP'],
        requiredPeerCount: 0,
        maxPeerCount: 0,
        blockToLive: 0,
        memberOnlyRead: true,
        memberOnlyWrite: true,
        endorsementPolicy: BOTH_PROVIDERS,
      },
      {
        name: 'extract',
        members: ['HospitalMSP', 'ClinicMSP', 'InsurerMSP'],
        requiredPeerCount: 0,
        maxPeerCount: 2,
        blockToLive: 0,
        memberOnlyRead: true,
        memberOnlyWrite: true,
        endorsementPolicy: BOTH_PROVIDERS,
      },
      {
        name: 'directory',
        members: ['HospitalMSP', 'ClinicMSP', 'InsurerMSP'],
        requiredPeerCount: 0,
        maxPeerCount: 2,
        blockToLive: 0,
        memberOnlyRead: true,
        memberOnlyWrite: true,
        endorsementPolicy: BOTH_PROVIDERS,
      },
    ],
  },
  block: {
    maxMessageCount: 500,
    batchTimeoutMs: 200,
    preferredMaxBytes: 2 * MEGABYTE,
    absoluteMaxBytes: 10 * MEGABYTE,
  },
});

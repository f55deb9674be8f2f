import {
  type ChaincodeDefinition,
  type CollectionDefinition,
  NETWORK,
  type NetworkDefinition,
} from '@pulseledger/network/definition';

const KILOBYTE = 1024;
const [HOSPITAL, CLINIC, INSURER] = ['HospitalMSP', 'ClinicMSP', 'InsurerMSP'] as const;
const BOTH = "AND('HospitalMSP.peer','ClinicMSP.peer')";
const ANY = "OR('HospitalMSP.peer','ClinicMSP.peer','InsurerMSP.peer')";

function collection(
  name: string,
  members: readonly string[],
  more: Partial<CollectionDefinition> = {},
): CollectionDefinition {
  return {
    name,
    members,
    requiredPeerCount: 0,
    maxPeerCount: 1,
    blockToLive: 0,
    memberOnlyRead: true,
    memberOnlyWrite: true,
    ...more,
  };
}

const PROBE: ChaincodeDefinition = {
  name: 'probe',
  version: '1.0',
  endorsementPolicy: BOTH,
  collections: [
    collection('pair', [HOSPITAL, CLINIC]),
    // Whoever asks may read and write; one member's endorsement is enough.
    collection('open', [HOSPITAL, CLINIC], {
      memberOnlyRead: false,
      memberOnlyWrite: false,
      endorsementPolicy: "OR('HospitalMSP.peer','ClinicMSP.peer')",
    }),
    collection('brief', [HOSPITAL, CLINIC], { blockToLive: 2 }),
    // More receivers than there are.
    collection('strict', [HOSPITAL, CLINIC], { requiredPeerCount: 2, maxPeerCount: 2 }),
    collection('clinics', [CLINIC], { endorsementPolicy: "OR('ClinicMSP.peer')" }),
    collection('all', [HOSPITAL, CLINIC, INSURER], { requiredPeerCount: 1, maxPeerCount: 2 }),
  ],
};

/** A second chaincode, for calls from one to the other; the same program. */
export const OTHER: ChaincodeDefinition = {
  name: 'other',
  version: '2.1',
  endorsementPolicy: ANY,
  collections: [],
};

/** A second channel; the insurer is no member. */
export const EXTRA = 'extra';
export const EXTRA_MEMBERS: readonly string[] = ['hospital', 'clinic'];

/** The second chaincode as the second channel has it. */
export const EXTRA_CHAINCODE: ChaincodeDefinition = {
  ...OTHER,
  endorsementPolicy: "OR('HospitalMSP.peer','ClinicMSP.peer')",
};

/** Pulseledger's organizations with a chaincode and limits on which everything can be seen in little time. */
export const DEFINITION: NetworkDefinition = {
  ...NETWORK,
  chaincode: PROBE,
  block: {
    maxMessageCount: 10,
    batchTimeoutMs: 150,
    preferredMaxBytes: 512 * KILOBYTE,
    absoluteMaxBytes: 1024 * KILOBYTE,
  },
};

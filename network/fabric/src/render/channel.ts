import { memberPolicy, type OrganizationDefinition } from '../../definition/src/index.ts';
import { HOST, type Layout } from './layout.ts';

/** Name of the profile in the rendered configtx.yaml. */
export const CHANNEL_PROFILE = 'PulseChannel';

type Json = Readonly<Record<string, unknown>>;

function signature(rule: string): Json {
  return { Type: 'Signature', Rule: rule };
}

function implicit(rule: string): Json {
  return { Type: 'ImplicitMeta', Rule: rule };
}

const READ_WRITE_ADMINISTER: Json = {
  Readers: implicit('ANY Readers'),
  Writers: implicit('ANY Writers'),
  Admins: implicit('MAJORITY Admins'),
};

function applicationOrganization(layout: Layout, organization: OrganizationDefinition): Json {
  const id = organization.mspId;
  return {
    Name: id,
    ID: id,
    MSPDir: layout.keysOf(organization).mspFolder,
    Policies: {
      Readers: signature(`OR('${id}.member')`),
      Writers: signature(`OR('${id}.admin','${id}.client')`),
      Admins: signature(`OR('${id}.admin')`),
      Endorsement: signature(`OR('${id}.peer')`),
    },
    AnchorPeers: layout.peers
      .filter((peer) => peer.organization === organization)
      .map((peer) => ({ Host: HOST, Port: peer.ports.grpc })),
  };
}

/**
 * The same MSP seen as an ordering organization: only its orderers may sign blocks, or any client
 * certificate of the organization could.
 */
function ordererOrganization(layout: Layout, organization: OrganizationDefinition): Json {
  const id = organization.mspId;
  return {
    Name: id,
    ID: id,
    MSPDir: layout.keysOf(organization).mspFolder,
    Policies: {
      Readers: signature(`OR('${id}.member')`),
      Writers: signature(`OR('${id}.orderer')`),
      Admins: signature(`OR('${id}.admin')`),
    },
    OrdererEndpoints: layout.orderers
      .filter((orderer) => orderer.organization === organization)
      .map((orderer) => `${HOST}:${orderer.ports.grpc}`),
  };
}

function orderer(layout: Layout): Json {
  const { block, organizations } = layout.definition;
  return {
    OrdererType: 'etcdraft',
    BatchTimeout: `${block.batchTimeoutMs}ms`,
    BatchSize: {
      MaxMessageCount: block.maxMessageCount,
      AbsoluteMaxBytes: block.absoluteMaxBytes,
      PreferredMaxBytes: block.preferredMaxBytes,
    },
    EtcdRaft: {
      Consenters: layout.orderers.map((node) => ({
        Host: HOST,
        Port: node.ports.grpc,
        ClientTLSCert: node.keys.tls.certificateFile,
        ServerTLSCert: node.keys.tls.certificateFile,
      })),
      Options: {
        TickInterval: '500ms',
        ElectionTick: 10,
        HeartbeatTick: 1,
        MaxInflightBlocks: 5,
        SnapshotIntervalSize: '16 MB',
      },
    },
    Organizations: organizations
      .filter((organization) => organization.orderers.length > 0)
      .map((organization) => ordererOrganization(layout, organization)),
    Policies: { ...READ_WRITE_ADMINISTER, BlockValidation: implicit('ANY Writers') },
    Capabilities: { V2_0: true },
  };
}

function application(layout: Layout): Json {
  return {
    Organizations: layout.definition.organizations.map((organization) =>
      applicationOrganization(layout, organization),
    ),
    Policies: {
      ...READ_WRITE_ADMINISTER,
      LifecycleEndorsement: implicit('MAJORITY Endorsement'),
      Endorsement: implicit('MAJORITY Endorsement'),
    },
    Capabilities: { V2_5: true },
  };
}

/**
 * configtx.yaml for configtxgen. JSON is YAML too, and needs no other library.
 *
 * Settings: https://hyperledger-fabric.readthedocs.io/en/release-2.5/create_channel/create_channel_config.html
 */
export function renderConfigtx(layout: Layout): string {
  const profile = {
    Policies: READ_WRITE_ADMINISTER,
    Capabilities: { V3_0: true },
    Orderer: orderer(layout),
    Application: application(layout),
  };
  return `${JSON.stringify({ Profiles: { [CHANNEL_PROFILE]: profile } }, null, 2)}\n`;
}

/** Collections in the form of `peer lifecycle chaincode … --collections-config`. */
export function renderCollections(layout: Layout): string {
  const collections = layout.definition.chaincode.collections.map((collection) => ({
    name: collection.name,
    policy: memberPolicy(collection),
    requiredPeerCount: collection.requiredPeerCount,
    maxPeerCount: collection.maxPeerCount,
    blockToLive: collection.blockToLive,
    memberOnlyRead: collection.memberOnlyRead,
    memberOnlyWrite: collection.memberOnlyWrite,
    ...(collection.endorsementPolicy === undefined
      ? {}
      : { endorsementPolicy: { signaturePolicy: collection.endorsementPolicy } }),
  }));
  return `${JSON.stringify(collections, null, 2)}\n`;
}

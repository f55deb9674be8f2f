import { memberPolicy, type OrganizationDefinition } from '../../../definition/src/index.ts';
import { type Layout, text } from './layout.ts';

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
      .map(({ grpc }) => ({ Host: grpc.host, Port: grpc.port })),
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
      .filter((orderer) => layout.unlisted?.includes(orderer.host) !== true)
      .map(({ grpc }) => text(grpc)),
  };
}

function raft(layout: Layout): Json {
  return {
    OrdererType: 'etcdraft',
    EtcdRaft: {
      Consenters: layout.orderers.map(({ grpc, keys }) => ({
        Host: grpc.host,
        Port: grpc.port,
        ClientTLSCert: keys.tls.certificateFile,
        ServerTLSCert: keys.tls.certificateFile,
      })),
      Options: {
        TickInterval: '500ms',
        ElectionTick: 10,
        HeartbeatTick: 1,
        MaxInflightBlocks: 5,
        SnapshotIntervalSize: '16 MB',
      },
    },
  };
}

/**
 * Byzantine fault tolerance (SmartBFT). The times are Fabric's own, but for those of noticing a dead leader: a minute
 * of silence is long beside an ingest that waits.
 */
function bft(layout: Layout): Json {
  return {
    OrdererType: 'BFT',
    ConsenterMapping: [...layout.orderers]
      .sort((a, b) => a.consenterId - b.consenterId)
      .map(({ consenterId, grpc, keys, organization }) => ({
        ID: consenterId,
        Host: grpc.host,
        Port: grpc.port,
        MSPID: organization.mspId,
        Identity: keys.identity.certificateFile,
        ClientTLSCert: keys.tls.certificateFile,
        ServerTLSCert: keys.tls.certificateFile,
      })),
    SmartBFT: {
      RequestBatchMaxInterval: `${layout.definition.block.batchTimeoutMs}ms`,
      RequestForwardTimeout: '2s',
      RequestComplainTimeout: '5s',
      RequestAutoRemoveTimeout: '3m0s',
      ViewChangeResendInterval: '2s',
      ViewChangeTimeout: '10s',
      LeaderHeartbeatTimeout: '10s',
      LeaderHeartbeatCount: 10,
      CollectTimeout: '1s',
      IncomingMessageBufferSize: 200,
      RequestPoolSize: 100_000,
    },
  };
}

function orderer(layout: Layout): Json {
  const { block, organizations, consensus } = layout.definition;
  return {
    ...(consensus === 'bft' ? bft(layout) : raft(layout)),
    BatchTimeout: `${block.batchTimeoutMs}ms`,
    BatchSize: {
      MaxMessageCount: block.maxMessageCount,
      AbsoluteMaxBytes: block.absoluteMaxBytes,
      PreferredMaxBytes: block.preferredMaxBytes,
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

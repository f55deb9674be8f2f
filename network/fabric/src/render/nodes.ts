import { type Layout, type OrdererPlace, type PeerPlace, text } from './layout.ts';

type Json = Readonly<Record<string, unknown>>;

const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
/**
 * A waiting CommitStatus call holds one of these while its block is being made, so 500 (Fabric's own default)
 * is a limit on throughput, and exceeding it is answered UNKNOWN, not RESOURCE_EXHAUSTED (fabric#3829).
 */
const CONCURRENT_CALLS = 20_000;
/** A proposal's time is the client's own; this is how wrong it may be. */
const TIME_WINDOW = '60s';
/**
 * Raft elects a leader after 10 ticks without one; the channel's 500 ms are for networks between hosts. On
 * one machine a restart then waits 2 to 4 s instead of 5 to 10 s.
 */
const LOCAL_TICK = '200ms';

/**
 * Gossip as quick as it can be on one machine. Fabric's own values (4 to 25 s) let organizations' peers find each
 * other only after a restart has long been ready otherwise.
 */
const QUICK_GOSSIP = {
  membershipTrackerInterval: '1s',
  publishStateInfoInterval: '500ms',
  requestStateInfoInterval: '500ms',
  pullInterval: '1s',
  publishCertPeriod: '1s',
  digestWaitTime: '200ms',
  requestWaitTime: '300ms',
  responseWaitTime: '400ms',
  aliveTimeInterval: '1s',
  aliveExpirationTimeout: '10s',
  reconnectInterval: '1s',
  maxConnectionAttempts: 3600,
  dialTimeout: '1s',
  connTimeout: '1s',
};

/** The organization's other peers, to hear of the rest from; itself when it is alone. */
function bootstrap(layout: Layout, place: PeerPlace): string {
  const others = layout.peers.filter(
    (peer) => peer.organization.name === place.organization.name && peer.host !== place.host,
  );
  return (others.length === 0 ? [place] : others).map(({ grpc }) => text(grpc)).join(' ');
}

function gossip(layout: Layout, place: PeerPlace): Json {
  const address = text(place.grpc);
  return {
    ...(layout.placement.oneMachine ? QUICK_GOSSIP : {}),
    bootstrap: bootstrap(layout, place),
    endpoint: address,
    externalEndpoint: address,
    useLeaderElection: false,
    orgLeader: true,
    state: { enabled: false },
    pvtData: {
      pullRetryThreshold: '60s',
      // What is endorsed and never ordered, a grant that was given up for instance, goes after so many blocks.
      transientstoreMaxBlockRetention: 1_000,
      pushAckTimeout: '3s',
      btlPullMargin: 10,
      reconcileBatchSize: 10,
      reconcileSleepInterval: '10s',
      reconciliationEnabled: true,
      // What is invalid has no effect, so nobody waits for its private data. Whoever sends an envelope again, by
      // intent or after an answer that was lost, would else make every member peer stand still for the threshold.
      skipPullingInvalidTransactionsDuringCommit: true,
      implicitCollectionDisseminationPolicy: { requiredPeerCount: 0, maxPeerCount: 1 },
    },
  };
}

function listen(layout: Layout, port: number): string {
  return `${layout.placement.listenHost}:${port}`;
}

function peerSection(layout: Layout, place: PeerPlace): Json {
  const address = text(place.grpc);
  return {
    id: place.host,
    networkId: layout.definition.channel,
    listenAddress: listen(layout, place.grpc.port),
    address,
    // Chaincode runs as a service that the peer calls; nobody ever connects here.
    chaincodeListenAddress: '127.0.0.1:0',
    localMspId: place.organization.mspId,
    mspConfigPath: place.keys.mspFolder,
    fileSystemPath: place.ledgerFolder,
    gateway: {
      enabled: true,
      endorsementTimeout: '30s',
      broadcastTimeout: '30s',
      dialTimeout: '2m',
    },
    gossip: gossip(layout, place),
    tls: {
      enabled: true,
      clientAuthRequired: false,
      cert: { file: place.keys.tls.certificateFile },
      key: { file: place.keys.tls.keyFile },
      rootcert: { file: layout.keysOf(place.organization).authority.tls.certificateFile },
    },
    authentication: { timewindow: TIME_WINDOW },
    BCCSP: { Default: 'SW', SW: { Hash: 'SHA2', Security: 256 } },
    client: { connTimeout: '3s' },
    deliveryclient: {
      blockGossipEnabled: false,
      reconnectTotalTimeThreshold: '3600s',
      reConnectBackoffThreshold: '2s',
      minimalReconnectInterval: '100ms',
      connTimeout: '3s',
      policy: 'cluster',
    },
    handlers: {
      authFilters: [
        { name: 'DefaultAuth' },
        { name: 'ExpirationCheck' },
        { name: 'TimeWindowCheck' },
      ],
      decorators: [{ name: 'DefaultDecorator' }],
      endorsers: { escc: { name: 'DefaultEndorsement' } },
      validators: { vscc: { name: 'DefaultValidation' } },
    },
    discovery: {
      enabled: true,
      authCacheEnabled: true,
      authCacheMaxSize: 1000,
      authCachePurgeRetentionRatio: 0.75,
      orgMembersAllowedAccess: false,
    },
    limits: {
      concurrency: {
        endorserService: CONCURRENT_CALLS,
        deliverService: 2500,
        gatewayService: CONCURRENT_CALLS,
      },
    },
    maxRecvMsgSize: MAX_MESSAGE_BYTES,
    maxSendMsgSize: MAX_MESSAGE_BYTES,
  };
}

/**
 * A peer's core.yaml, as JSON. Settings and their meaning: sampleconfig/core.yaml of Fabric 3.1.
 */
export function renderPeer(layout: Layout, place: PeerPlace): string {
  const core = {
    peer: peerSection(layout, place),
    // Without an endpoint the peer never looks for Docker.
    vm: { endpoint: '' },
    chaincode: {
      externalBuilders: [{ name: 'ccaas', path: layout.builderFolder, propagateEnvironment: [] }],
      installTimeout: '60s',
      startuptimeout: '60s',
      executetimeout: '30s',
      mode: 'net',
      keepalive: 0,
      system: { _lifecycle: 'enable', cscc: 'enable', lscc: 'enable', qscc: 'enable' },
      logging: { level: 'warning', shim: 'warning' },
      runtimeParams: { useWriteBatch: true, useGetMultipleKeys: true },
    },
    ledger: {
      state: { stateDatabase: 'goleveldb', totalQueryLimit: 100_000 },
      history: { enableHistoryDatabase: true },
      // What is purged leaves this store with every block, not with every hundredth. Its keys, which hold ids of patients,
      // are not logged.
      pvtdataStore: { purgeInterval: 1, purgedKeyAuditLogging: false },
    },
    operations: {
      listenAddress: text(place.operations),
      tls: { enabled: false },
    },
    metrics: { provider: 'prometheus' },
  };
  return `${JSON.stringify(core, null, 2)}\n`;
}

/** An orderer's orderer.yaml, as JSON. Settings: sampleconfig/orderer.yaml of Fabric 3.1. */
export function renderOrderer(layout: Layout, place: OrdererPlace): string {
  const tlsAuthority = layout.keysOf(place.organization).authority.tls.certificateFile;
  const tls = {
    Enabled: true,
    PrivateKey: place.keys.tls.keyFile,
    Certificate: place.keys.tls.certificateFile,
  };
  const configuration = {
    General: {
      ListenAddress: layout.placement.listenHost,
      ListenPort: place.grpc.port,
      TLS: { ...tls, RootCAs: [tlsAuthority], ClientAuthRequired: false },
      Cluster: { SendBufferSize: 100 },
      LocalMSPDir: place.keys.mspFolder,
      LocalMSPID: place.organization.mspId,
      BCCSP: { Default: 'SW', SW: { Hash: 'SHA2', Security: 256 } },
      Authentication: { TimeWindow: TIME_WINDOW },
      MaxRecvMsgSize: MAX_MESSAGE_BYTES,
      MaxSendMsgSize: MAX_MESSAGE_BYTES,
    },
    FileLedger: { Location: place.ledgerFolder },
    Consensus: {
      WALDir: `${place.ledgerFolder}/etcdraft/wal`,
      SnapDir: `${place.ledgerFolder}/etcdraft/snapshot`,
      ...(layout.placement.oneMachine ? { TickIntervalOverride: LOCAL_TICK } : {}),
    },
    Operations: {
      ListenAddress: text(place.operations),
      TLS: { Enabled: false },
    },
    Metrics: { Provider: 'prometheus' },
    Admin: {
      ListenAddress: listen(layout, place.admin.port),
      TLS: { ...tls, ClientAuthRequired: true, ClientRootCAs: [tlsAuthority] },
    },
    ChannelParticipation: { Enabled: true, MaxRequestBodySize: 1024 * 1024 },
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}

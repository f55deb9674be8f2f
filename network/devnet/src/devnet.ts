import { join } from 'node:path';
import type { ChaincodeDefinition, NetworkDefinition } from '../../definition/src/index.ts';
import { createNetworkIdentities } from '../../identity/src/index.ts';
import {
  ChaincodeSupport,
  EXECUTE_TIMEOUT_MS,
  LAUNCH_TIMEOUT_MS,
} from './chaincode-support/chaincode-support.ts';
import { genesisBlock } from './channel-configuration/genesis.ts';
import { channelPolicies } from './channel-configuration/policies.ts';
import { CallGate } from './control/call-gate.ts';
import { PeerClock } from './control/clock.ts';
import type { StreamingControl } from './control/control.ts';
import { Faults } from './control/faults.ts';
import { LocalControl } from './control/local-control.ts';
import { Tracer } from './control/trace.ts';
import { Endorser } from './endorser/endorser.ts';
import { PrivateDataDistributor } from './endorser/private-data-distributor.ts';
import { GatewayContext } from './gateway/context.ts';
import { GatewayServer } from './gateway/gateway-server.ts';
import { type GatewayPeer, PeerRegistry } from './gateway/peers.ts';
import { openLedger } from './ledger/open.ts';
import type { DevelopmentLedger } from './ledger/types.ts';
import { ChaincodeDefinitions } from './lifecycle/chaincode-definitions.ts';
import { Msp } from './msp/msp.ts';
import { MspManager } from './msp/msp-manager.ts';
import { Orderer } from './orderer/orderer.ts';
import { type Organization, readOrganization } from './organization.ts';
import { ChannelPolicies } from './policy/channel-policies.ts';
import { gatewayPorts, HOST, portTaken } from './ports.ts';
import { ConfigurationChaincode } from './system-chaincodes/configuration-chaincode.ts';
import { LifecycleChaincode } from './system-chaincodes/lifecycle-chaincode.ts';
import { QueryChaincode } from './system-chaincodes/query-chaincode.ts';
import type { SystemChaincode } from './system-chaincodes/system-chaincode.ts';
import { Committer } from './validator/committer.ts';
import { Validator } from './validator/validator.ts';

/** As peer.authentication.timewindow, shorter than Fabric's 15 minutes: contracts take the client's time as theirs. */
const TIME_WINDOW_MS = 60_000;
/** Calls under way get this long when the network closes. */
const CLOSE_GRACE_MS = 2_000;

/** A further chaincode, and where each organization's peer finds it. */
export interface OtherChaincode {
  readonly definition: ChaincodeDefinition;
  /** `host:port` by the organization's name. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface DevnetOptions {
  readonly definition: NetworkDefinition;
  /** Folder of keys and ports; identities that are missing are made. */
  readonly keysDir: string;
  /** Folder of the ledger; made when absent. One network at a time. */
  readonly ledgerDir: string;
  readonly chaincode: {
    readonly name: string;
    readonly version: string;
    /** `host:port` of each organization's chaincode server, by the organization's name. */
    readonly addresses: Readonly<Record<string, string>>;
  };
  /** More chaincodes on the channel, e.g. such as the first one calls. */
  readonly otherChaincodes?: readonly OtherChaincode[] | undefined;
  /** How far a proposal's time may be from now, either way. Default: 60 s. */
  readonly timeWindowMs?: number | undefined;
  /** How long a transaction waits for a chaincode that is not there. Default: 10 s. */
  readonly launchTimeoutMs?: number | undefined;
  /** How long a chaincode may take for a transaction. Default: 30 s. */
  readonly executeTimeoutMs?: number | undefined;
  /** A block could not be stored: the channel has ended. Default: the error is thrown at the process. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/** How clients reach the network: the connection profile's form, for any organizations. */
export interface DevnetProfile {
  readonly network: 'devnet';
  readonly channel: string;
  readonly chaincode: string;
  readonly organizations: Readonly<
    Record<
      string,
      {
        readonly mspId: string;
        readonly endpoint: string;
        readonly serverName: string;
        readonly tlsRootCertificatePem: string;
      }
    >
  >;
}

/** A running network. */
export interface Devnet {
  readonly profile: DevnetProfile;
  /** Number of committed blocks. */
  readonly height: () => number;
  /** Snapshots, faults, time and the like. */
  readonly control: StreamingControl;
  /** Takes no more calls, commits what was accepted, and releases ports and ledger. */
  readonly close: () => Promise<void>;
}

/** What all organizations' parts of a network share. */
interface Channel {
  readonly definition: NetworkDefinition;
  readonly definitions: ChaincodeDefinitions;
  readonly msps: MspManager;
  readonly policies: ChannelPolicies;
  readonly ledger: DevelopmentLedger;
  readonly orderer: Orderer;
  readonly development: Development;
}

/** What developers move and break. */
interface Development {
  readonly clock: PeerClock;
  readonly gate: CallGate;
  readonly faults: Faults;
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error));
  });
}

function otherDefinitions(options: DevnetOptions): readonly ChaincodeDefinition[] {
  return (options.otherChaincodes ?? []).map((other) => other.definition);
}

async function openChannelLedger(
  options: DevnetOptions,
  definition: NetworkDefinition,
  faults: Faults,
): Promise<DevelopmentLedger> {
  return openLedger({
    dir: options.ledgerDir,
    channel: definition.channel,
    organizations: definition.organizations.map((o) => o.mspId),
    namespaces: [definition.chaincode, ...otherDefinitions(options)],
    interventions: faults,
  });
}

async function openChannel(
  options: DevnetOptions,
  organizations: readonly Organization[],
  addressOf: (organization: Organization) => string,
): Promise<Channel> {
  const { chaincode } = options;
  const definition: NetworkDefinition = {
    ...options.definition,
    chaincode: {
      ...options.definition.chaincode,
      name: chaincode.name,
      version: chaincode.version,
    },
  };
  const definitions = new ChaincodeDefinitions(definition, otherDefinitions(options));
  const msps = new MspManager(organizations.map((o) => new Msp(o.msp)));
  const members = organizations.map((o) => o.msp.mspId);
  const orderers = organizations.filter((o) => o.orderer !== undefined).map((o) => o.msp.mspId);
  const policies = new ChannelPolicies(channelPolicies(members, orderers), msps);
  const development = { clock: new PeerClock(), gate: new CallGate(), faults: new Faults() };
  const { clock, faults } = development;
  const ledger = await openChannelLedger(options, definition, faults);
  ledger.onCommit(({ transactions }) => {
    for (const { txId } of transactions) faults.committed(txId);
  });
  const { channel, block } = definition;
  const committer = new Committer(new Validator({ channel, msps, definitions, ledger }), ledger);
  if (ledger.height === 0) {
    const configured = organizations.map((o) => ({ ...o, address: addressOf(o) }));
    await committer.commit(genesisBlock(definition, configured));
  }
  const signer = organizations.find((o) => o.orderer !== undefined)?.orderer;
  if (signer === undefined) throw new Error('No organization of the network runs an orderer.');
  const orderer = new Orderer({
    ...block,
    signer,
    rules: { channel, msps, policies, absoluteMaxBytes: block.absoluteMaxBytes },
    end: { height: ledger.height, lastHash: ledger.lastHash },
    deliver: (next) => committer.commit(next),
    onFailure: options.onFailure ?? throwLater,
    now: clock.now,
    faultOf: faults.atOrdering,
  });
  return { definition, definitions, msps, policies, ledger, orderer, development };
}

interface RunningPeer {
  readonly organization: Organization;
  readonly chaincodes: ChaincodeSupport;
  readonly peer: GatewayPeer;
}

/** Where an organization's peer finds its chaincodes, by their names. */
function chaincodeAddresses(
  { chaincode, otherChaincodes = [] }: DevnetOptions,
  organization: string,
): ReadonlyMap<string, string> {
  const all = [chaincode, ...otherChaincodes.map((o) => ({ ...o, name: o.definition.name }))];
  return new Map(
    all.flatMap(({ name, addresses }): [string, string][] => {
      const address = addresses[organization];
      return address === undefined ? [] : [[name, address]];
    }),
  );
}

function systemChaincodes(
  options: DevnetOptions,
  { ledger, policies, definition }: Channel,
): readonly SystemChaincode[] {
  return [
    new QueryChaincode(ledger),
    new ConfigurationChaincode(ledger),
    new LifecycleChaincode({
      channel: definition.channel,
      policies,
      chaincodes: [definition.chaincode, ...otherDefinitions(options)],
      organizations: definition.organizations.map((o) => o.mspId),
    }),
  ];
}

function startPeer(
  options: DevnetOptions,
  channel: Channel,
  organization: Organization,
  address: string,
): RunningPeer {
  const { definitions, msps, policies, ledger, definition, development } = channel;
  const addresses = chaincodeAddresses(options, organization.definition.name);
  const chaincodes = new ChaincodeSupport({
    definitions,
    addresses,
    executeTimeoutMs: options.executeTimeoutMs ?? EXECUTE_TIMEOUT_MS,
    launchTimeoutMs: options.launchTimeoutMs ?? LAUNCH_TIMEOUT_MS,
    system: systemChaincodes(options, channel),
  });
  const endorser = new Endorser({
    signer: organization.peer,
    channel: definition.channel,
    msps,
    policies,
    definitions,
    ledger,
    chaincodes,
    distributor: new PrivateDataDistributor({
      ledger,
      definitions,
      organizations: definition.organizations.map((o) => o.mspId),
    }),
    timeWindowMs: options.timeWindowMs ?? TIME_WINDOW_MS,
    now: development.clock.now,
    development,
  });
  const { mspId } = organization.msp;
  const peer = { mspId, address, endorser, chaincodes: new Set(addresses.keys()) };
  return { organization, chaincodes, peer };
}

async function startGateways(
  channel: Channel,
  timeWindowMs: number,
  peers: readonly RunningPeer[],
  portOf: (organization: Organization) => number,
): Promise<GatewayServer[]> {
  const all = peers.map(({ peer }) => peer);
  const started: GatewayServer[] = [];
  try {
    for (const { organization, peer } of peers) {
      const context = new GatewayContext({
        ...channel,
        channel: channel.definition.channel,
        peers: new PeerRegistry(peer, all),
        timeWindowMs,
        now: channel.development.clock.now,
      });
      const port = portOf(organization);
      started.push(
        await GatewayServer.start({ context, host: HOST, port, tls: organization.tls }).catch(
          (cause: unknown) => {
            throw portTaken(organization.definition.name, port, cause);
          },
        ),
      );
    }
    return started;
  } catch (error) {
    await Promise.all(started.map((server) => server.close(0)));
    throw error;
  }
}

function profileOf(
  channel: Channel,
  organizations: readonly Organization[],
  portOf: (organization: Organization) => number,
): DevnetProfile {
  return {
    network: 'devnet',
    channel: channel.definition.channel,
    chaincode: channel.definition.chaincode.name,
    organizations: Object.fromEntries(
      organizations.map((o) => [
        o.definition.name,
        {
          mspId: o.msp.mspId,
          endpoint: `${HOST}:${portOf(o)}`,
          serverName: o.serverName,
          tlsRootCertificatePem: o.tlsRootCertificatePem,
        },
      ]),
    ),
  };
}

function newTracer({ ledger, definition, development }: Channel): Tracer {
  return new Tracer({
    ledger,
    policyOf: (name) =>
      name === definition.chaincode.name ? definition.chaincode.endorsementPolicy : undefined,
    wasFault: (txId) => development.faults.wasConflict(txId),
    privateWriteSets: (mspId, block) => ledger.privateWriteSets(mspId, block),
  });
}

/**
 * Starts a Fabric network in this process: a gateway for each organization, ready when the promise resolves. Chaincode servers
 * may start before or after; the network connects to them by itself.
 *
 * @throws Error when a port is taken, or keys or ledger cannot be read or written.
 */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { definition, keysDir } = options;
  await createNetworkIdentities(keysDir, definition);
  const organizations = await Promise.all(
    definition.organizations.map((o) => readOrganization(keysDir, o)),
  );
  const names = definition.organizations.map((o) => o.name);
  const ports = await gatewayPorts(join(keysDir, 'ports.json'), names);
  const portOf = (o: Organization): number => ports.get(o.definition.name) ?? 0;
  const addressOf = (o: Organization): string => `${HOST}:${portOf(o)}`;
  const channel = await openChannel(options, organizations, addressOf);
  const peers = organizations.map((o) => startPeer(options, channel, o, addressOf(o)));
  const stopPeers = async (): Promise<void> => {
    for (const { chaincodes } of peers) chaincodes.close();
    await channel.orderer.close();
    await channel.ledger.close();
  };
  const timeWindowMs = options.timeWindowMs ?? TIME_WINDOW_MS;
  const gateways = await startGateways(channel, timeWindowMs, peers, portOf).catch(
    async (error: unknown) => {
      await stopPeers();
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    channel.orderer.cut();
    await Promise.all(gateways.map((server) => server.close(CLOSE_GRACE_MS)));
    await stopPeers();
  };
  let closing: Promise<void> | undefined;
  return {
    profile: profileOf(channel, organizations, portOf),
    height: () => channel.ledger.height,
    control: new LocalControl({
      ...channel,
      ...channel.development,
      keysDir,
      tracer: newTracer(channel),
    }),
    close: () => (closing ??= close()),
  };
}

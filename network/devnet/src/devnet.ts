import { join } from 'node:path';
import type { NetworkDefinition } from '../../definition/src/index.ts';
import { createNetworkIdentities } from '../../identity/src/index.ts';
import { EXECUTE_TIMEOUT_MS, LAUNCH_TIMEOUT_MS } from './chaincode-support/chaincode-support.ts';
import type { Channel, Channels } from './channel/channel.ts';
import { channelLedgerDir, openChannel } from './channel/open-channel.ts';
import { CallGate } from './control/call-gate.ts';
import { PeerClock } from './control/clock.ts';
import type { StreamingControl } from './control/control.ts';
import { Faults } from './control/faults.ts';
import { LocalControl } from './control/local-control.ts';
import { Tracer } from './control/trace.ts';
import { type Organization, readOrganization } from './organization.ts';
import type { OtherChaincode } from './peer/chaincode-addresses.ts';
import { startGateways } from './peer/gateways.ts';
import { type Development, type RunningPeer, startPeer } from './peer/peer.ts';
import { gatewayPorts, HOST } from './ports.ts';

export type { OtherChaincode } from './peer/chaincode-addresses.ts';

/** As peer.authentication.timewindow, shorter than Fabric's 15 minutes: contracts take the client's time as theirs. */
const TIME_WINDOW_MS = 60_000;
/** Calls under way get this long when the network closes. */
const CLOSE_GRACE_MS = 2_000;

/** A further channel of the network. */
export interface OtherChannel {
  readonly name: string;
  /** Names of the organizations that use it. Default: all. */
  readonly organizations?: readonly string[] | undefined;
  /** Chaincodes that are there from the beginning; more come by lifecycle transactions. Default: none. */
  readonly chaincodes?: readonly OtherChaincode[] | undefined;
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
  /** More channels than the definition's, each with a ledger and an orderer chain of its own. */
  readonly otherChannels?: readonly OtherChannel[] | undefined;
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
  /** The definition's channel. */
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
  /** Number of committed blocks of a channel. Default: of the definition's. */
  readonly height: (channel?: string) => number;
  /** Snapshots, faults, time and the like. */
  readonly control: StreamingControl;
  /** Takes no more calls, commits what was accepted, and releases ports and ledger. */
  readonly close: () => Promise<void>;
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error));
  });
}

/** What a network is made of while it starts. */
interface Plan {
  readonly options: DevnetOptions;
  readonly definition: NetworkDefinition;
  readonly organizations: readonly Organization[];
  readonly portOf: (organization: Organization) => number;
  readonly development: Development;
}

/** The definition with the chaincode's name and version. */
function ownDefinition({
  definition,
  chaincode: { name, version },
}: DevnetOptions): NetworkDefinition {
  return { ...definition, chaincode: { ...definition.chaincode, name, version } };
}

/** The definition's channel first. */
function plannedChannels(options: DevnetOptions): readonly Required<OtherChannel>[] {
  const { chaincode, otherChaincodes = [], otherChannels = [] } = options;
  const definition = ownDefinition(options);
  const everybody = definition.organizations.map(({ name }) => name);
  const own = { definition: definition.chaincode, addresses: chaincode.addresses };
  return [
    { name: definition.channel, chaincodes: [own, ...otherChaincodes], organizations: everybody },
    ...otherChannels.map(({ name, organizations = everybody, chaincodes = [] }) => ({
      name,
      organizations,
      chaincodes,
    })),
  ];
}

/** @throws RangeError when a channel is named twice, or has a member that is no organization, or none. */
function checkChannels(channels: readonly Required<OtherChannel>[]): void {
  const known = channels[0]?.organizations ?? [];
  for (const [index, { name, organizations = [] }] of channels.entries()) {
    if (channels.findIndex((other) => other.name === name) !== index) {
      throw new RangeError(`The channel "${name}" is named twice.`);
    }
    const stranger = organizations.find((organization) => !known.includes(organization));
    if (stranger === undefined && organizations.length > 0) continue;
    throw new RangeError(
      `The channel "${name}" needs members that are organizations of the network: ${known.join(', ')}.`,
    );
  }
}

async function openChannels(
  plan: Plan,
  planned: readonly Required<OtherChannel>[],
): Promise<readonly Channel[]> {
  const { options, definition, organizations, portOf, development } = plan;
  const opened: Channel[] = [];
  try {
    for (const { name, organizations: members = [], chaincodes = [] } of planned) {
      const isFirst = name === definition.channel;
      opened.push(
        await openChannel({
          name,
          members,
          chaincodes: chaincodes.map((chaincode) => chaincode.definition),
          ledgerDir: isFirst ? options.ledgerDir : channelLedgerDir(options.ledgerDir, name),
          organizations,
          addressOf: (o) => `${HOST}:${portOf(o)}`,
          block: definition.block,
          ...development,
          onFailure: options.onFailure ?? throwLater,
        }),
      );
    }
    return opened;
  } catch (error) {
    await closeChannels(opened);
    throw error;
  }
}

async function closeChannels(channels: readonly Channel[]): Promise<void> {
  await Promise.all(channels.map(({ orderer }) => orderer.close()));
  await Promise.all(channels.map(({ ledger }) => ledger.close()));
}

async function startPeers(
  { options, organizations, portOf, development }: Plan,
  channels: Channels,
  planned: readonly OtherChannel[],
): Promise<readonly RunningPeer[]> {
  const chaincodes = planned.flatMap((channel) => channel.chaincodes ?? []);
  return Promise.all(
    organizations.map((organization) =>
      startPeer({
        organization,
        address: `${HOST}:${portOf(organization)}`,
        channels,
        chaincodes,
        ledgerDir: options.ledgerDir,
        executeTimeoutMs: options.executeTimeoutMs ?? EXECUTE_TIMEOUT_MS,
        launchTimeoutMs: options.launchTimeoutMs ?? LAUNCH_TIMEOUT_MS,
        timeWindowMs: options.timeWindowMs ?? TIME_WINDOW_MS,
        development,
      }),
    ),
  );
}

function profileOf({ definition, organizations, portOf }: Plan): DevnetProfile {
  return {
    network: 'devnet',
    channel: definition.channel,
    chaincode: definition.chaincode.name,
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

function newControl(plan: Plan, channels: readonly [Channel, ...Channel[]]): LocalControl {
  const { options, definition, development } = plan;
  const tracers = channels.map(
    ({ ledger }) =>
      new Tracer({
        ledger,
        policyOf: (name) =>
          name === definition.chaincode.name ? definition.chaincode.endorsementPolicy : undefined,
        wasFault: (txId) => development.faults.wasConflict(txId),
        privateWriteSets: (mspId, block) => ledger.privateWriteSets(mspId, block),
      }),
  );
  return new LocalControl({
    channels,
    ...development,
    definition,
    keysDir: options.keysDir,
    tracers,
  });
}

async function planOf(options: DevnetOptions): Promise<Plan> {
  const { keysDir } = options;
  await createNetworkIdentities(keysDir, options.definition);
  const organizations = await Promise.all(
    options.definition.organizations.map((o) => readOrganization(keysDir, o)),
  );
  const names = options.definition.organizations.map((o) => o.name);
  const ports = await gatewayPorts(join(keysDir, 'ports.json'), names);
  return {
    options,
    definition: ownDefinition(options),
    organizations,
    portOf: (o) => ports.get(o.definition.name) ?? 0,
    development: { clock: new PeerClock(), gate: new CallGate(), faults: new Faults() },
  };
}

/**
 * Starts a Fabric network in this process: a gateway for each organization, ready when the promise resolves. Chaincode servers
 * may start before or after; the network connects to them by itself.
 *
 * @throws Error when a port is taken, or keys or ledger cannot be read or written.
 * @throws RangeError when the further channels are none.
 */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const planned = plannedChannels(options);
  checkChannels(planned);
  const plan = await planOf(options);
  const [first, ...others] = await openChannels(plan, planned);
  if (first === undefined) throw new Error('A network has a channel.');
  const all: readonly [Channel, ...Channel[]] = [first, ...others];
  const channels = new Map(all.map((channel) => [channel.name, channel]));
  const peers = await startPeers(plan, channels, planned);
  const stopPeers = async (): Promise<void> => {
    for (const { chaincodes } of peers) chaincodes.close();
    await closeChannels(all);
  };
  const gateways = await startGateways({
    channels,
    peers,
    portOf: plan.portOf,
    timeWindowMs: options.timeWindowMs ?? TIME_WINDOW_MS,
    now: plan.development.clock.now,
  }).catch(async (error: unknown) => {
    await stopPeers();
    throw error;
  });
  const close = async (): Promise<void> => {
    for (const { orderer } of all) orderer.cut();
    await Promise.all(gateways.map((server) => server.close(CLOSE_GRACE_MS)));
    await stopPeers();
  };
  let closing: Promise<void> | undefined;
  return {
    profile: profileOf(plan),
    height: (channel = first.name) => channels.get(channel)?.ledger.height ?? 0,
    control: newControl(plan, all),
    close: () => (closing ??= close()),
  };
}

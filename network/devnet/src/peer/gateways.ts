import type { Channel, Channels } from '../channel/channel.ts';
import { GatewayContext } from '../gateway/context.ts';
import { GatewayChannels } from '../gateway/contexts.ts';
import { GatewayServer } from '../gateway/gateway-server.ts';
import { PeerRegistry } from '../gateway/peers.ts';
import type { Organization } from '../organization.ts';
import { HOST, portTaken } from '../ports.ts';
import type { RunningPeer } from './peer.ts';

export interface GatewaysOptions {
  /** All of the network. */
  readonly channels: Channels;
  readonly peers: readonly RunningPeer[];
  readonly portOf: (organization: Organization) => number;
  readonly timeWindowMs: number;
  readonly now: () => number;
}

function contextOf(
  channel: Channel,
  { peer }: RunningPeer,
  { peers, timeWindowMs, now }: GatewaysOptions,
): GatewayContext {
  const members = peers.filter((one) => one.channels.has(channel.name)).map((one) => one.peer);
  return new GatewayContext({
    ...channel,
    channel: channel.name,
    peers: new PeerRegistry(channel.name, peer, members),
    timeWindowMs,
    now,
  });
}

/**
 * Starts each organization's gateway.
 *
 * @throws Error when a port is taken; then none is left open.
 */
export async function startGateways(options: GatewaysOptions): Promise<GatewayServer[]> {
  const started: GatewayServer[] = [];
  try {
    for (const running of options.peers) {
      const { organization, peer } = running;
      const [first, ...others] = [...running.channels.values()].map((channel) =>
        contextOf(channel, running, options),
      );
      if (first === undefined) throw new Error(`${peer.mspId} is a member of no channel.`);
      const port = options.portOf(organization);
      started.push(
        await GatewayServer.start({
          channels: new GatewayChannels([first, ...others]),
          endorser: peer.endorser,
          ordering: options.channels,
          host: HOST,
          port,
          tls: organization.tls,
        }).catch((cause: unknown) => {
          throw portTaken(organization.definition.name, port, cause);
        }),
      );
    }
    return started;
  } catch (error) {
    await Promise.all(started.map((server) => server.close(0)));
    throw error;
  }
}

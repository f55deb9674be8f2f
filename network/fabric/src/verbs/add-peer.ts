import { joinPeer } from '../channel/join.ts';
import { installChaincode } from '../channel/lifecycle.ts';
import { reconcileChannel } from '../channel/update.ts';
import type { LocalLayout } from '../local-layout.ts';
import type { AddNode } from '../operation.ts';
import { awaitEndorsers, awaitHeight } from '../readiness.ts';
import type { PeerPlace } from '../render/layout.ts';
import { withOrganization } from '../state.ts';
import { OperationError, type VerbContext } from './verb-context.ts';

function peerNamed(layout: LocalLayout, organization: string, name: string): PeerPlace {
  const found = layout.peers.find((p) => p.organization.name === organization && p.name === name);
  if (found === undefined) throw new OperationError(`There is no peer ${name} of ${organization}.`);
  return found;
}

/** Starts a peer, lets it fetch the whole chain, and gives it its organization's chaincode. */
export async function bringUpPeer(
  { step, tools, nodeSet }: VerbContext,
  layout: LocalLayout,
  peer: PeerPlace,
): Promise<void> {
  await step(`${peer.host} started and joined`, async () => {
    await nodeSet.startPeer(layout, peer);
    await joinPeer(layout, tools, peer);
  });
  const other = layout.peers.find((p) => p.host !== peer.host);
  if (other !== undefined) {
    await step(`${peer.host} has every block`, () => awaitHeight(layout, peer, other));
  }
  await step(`${peer.host} has the chaincode`, () => installChaincode(layout, tools, peer));
}

/**
 * One more peer for an organization: keys, process, channel, chaincode, then its place among the anchor
 * peers (signed by its own organization only).
 */
export async function addPeer(context: VerbContext, operation: AddNode): Promise<void> {
  const { step, tools } = context;
  const { organization, node } = operation;
  const layout = await step('keys and configuration', () =>
    context.save({
      ...withOrganization(context.state, organization, (o) => ({
        ...o,
        peers: [...new Set([...o.peers, node])],
      })),
      pending: operation,
    }),
  );
  const peer = peerNamed(layout, organization, node);
  await bringUpPeer(context, layout, peer);
  await step('the channel names it as anchor peer', () =>
    reconcileChannel(layout, tools, peer.organization.mspId),
  );
  await step(`${peer.host} endorses`, () => awaitEndorsers(layout, [peer]));
  await context.publishProfile();
}

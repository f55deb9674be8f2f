import { approveChaincode, committedSequence, deployChaincode } from '../channel/lifecycle.ts';
import { reconcileChannel } from '../channel/update.ts';
import type { AddOrganization } from '../operation.ts';
import { awaitEndorsers } from '../readiness.ts';
import type { NetworkState } from '../state.ts';
import { bringUpPeer } from './add-peer.ts';
import type { VerbContext } from './verb-context.ts';

function withMember(
  state: NetworkState,
  { organization, collections }: AddOrganization,
): NetworkState {
  const addedMembers: Record<string, readonly string[]> = { ...state.addedMembers };
  for (const name of collections) {
    addedMembers[name] = [...new Set([...(addedMembers[name] ?? []), organization.mspId])];
  }
  return { ...state, addedMembers };
}

/**
 * A further organization with its peers: keys, its place in the channel (signed by a majority of the present ones),
 * processes, and the chaincode: approved as it is, or committed anew when it becomes a collection's member.
 */
export async function addOrganization(
  context: VerbContext,
  operation: AddOrganization,
): Promise<void> {
  const { step, tools, state } = context;
  const { organization, collections } = operation;
  const others = state.organizations.filter((o) => o.name !== organization.name);
  const layout = await step('keys and configuration', () =>
    context.save({ ...state, organizations: [...others, organization], pending: operation }),
  );
  const [sponsor] = others;
  await step(`the channel has ${organization.name} as member`, () =>
    reconcileChannel(layout, tools, sponsor?.mspId ?? organization.mspId),
  );
  const place = layout.chaincodes.find((c) => c.organization.name === organization.name);
  if (place !== undefined) {
    await step('chaincode service listens', () =>
      context.startChaincode(layout, place, state.chaincode.folder),
    );
  }
  const peers = layout.peers.filter((p) => p.organization.name === organization.name);
  for (const peer of peers) await bringUpPeer(context, layout, peer);
  const [first] = peers;
  if (collections.length === 0 && first !== undefined) {
    await step(`${organization.name} has approved the chaincode`, async () => {
      const sequence = await committedSequence(layout, tools);
      await approveChaincode(layout, tools, { peer: first, sequence });
    });
  } else {
    await step('the chaincode definition names the new member', async () => {
      await deployChaincode(await context.save(withMember(context.state, operation)), tools);
    });
  }
  await step(`${organization.name} reaches the chaincode`, () =>
    awaitEndorsers(context.layout, peers),
  );
  await context.publishProfile();
}

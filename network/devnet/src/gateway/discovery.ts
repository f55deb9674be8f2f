import type { ChaincodeCall } from '../endorser/interest.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { Principal } from '../msp/identity.ts';
import { principalSets } from '../policy/principal-sets.ts';
import type { Rule } from '../policy/signature-policy.ts';
import type { GatewayPeer } from './peers.ts';

/** Peers that satisfy all policies together. */
export type Layout = readonly GatewayPeer[];

/** No peers that could endorse; the text is discovery's. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
}

/** Layouts looked at, at most; policies of a few organizations have a handful. */
const MAX_LAYOUTS = 1000;

function satisfies(peer: GatewayPeer, principal: Principal): boolean {
  return (
    peer.mspId === principal.mspId && (principal.role === 'peer' || principal.role === 'member')
  );
}

/** Different peers for all principals of a set, or undefined. */
function assign(
  principals: readonly Principal[],
  peers: readonly GatewayPeer[],
): GatewayPeer[] | undefined {
  const taken: GatewayPeer[] = [];
  for (const principal of principals) {
    const peer = peers.find((p) => !taken.includes(p) && satisfies(p, principal));
    if (peer === undefined) return undefined;
    taken.push(peer);
  }
  return taken;
}

function layoutsOf(rule: Rule, peers: readonly GatewayPeer[]): GatewayPeer[][] {
  return principalSets(rule).flatMap((set) => {
    const layout = assign(set, peers);
    return layout === undefined ? [] : [layout];
  });
}

function keyOf(layout: Layout): string {
  return layout
    .map((peer) => peer.mspId)
    .sort()
    .join(' ');
}

/** Every combination of one layout of each policy: an endorsement counts for all policies. */
function merge(left: GatewayPeer[][], right: GatewayPeer[][]): GatewayPeer[][] {
  const merged = new Map<string, GatewayPeer[]>();
  for (const a of left) {
    for (const b of right) {
      if (merged.size >= MAX_LAYOUTS) break;
      const layout = [...new Set([...a, ...b])];
      merged.set(keyOf(layout), layout);
    }
  }
  return [...merged.values()];
}

function rulesOf(call: ChaincodeCall, definitions: ChaincodeDefinitions): readonly Rule[] {
  const { chaincode, collection, keyPolicies, disregardsChaincodePolicy } = call;
  const definition = definitions.chaincode(chaincode);
  if (definition === undefined) {
    throw new DiscoveryError(
      `No metadata was found for chaincode ${chaincode} in channel ${definitions.channel}`,
    );
  }
  if (collection === undefined) {
    return disregardsChaincodePolicy ? keyPolicies : [definition.endorsementRule, ...keyPolicies];
  }
  const rule = definitions.collection(chaincode, collection)?.endorsementRule;
  if (rule === undefined) throw new DiscoveryError('policy not found');
  return [rule];
}

/** Organizations whose peers may see what the transaction touches; undefined = all. */
function mayReceive(
  peer: GatewayPeer,
  interest: readonly ChaincodeCall[],
  definitions: ChaincodeDefinitions,
): boolean {
  return interest.every((call) => {
    if (call.collection === undefined || call.hasNoPrivateReads) return true;
    const collection = definitions.collection(call.chaincode, call.collection);
    return collection?.members.includes(peer.mspId) ?? false;
  });
}

/**
 * The combinations of peers that can endorse what a simulation touched (discovery/endorsement): all endorsement policies
 * satisfied; private data that was read keeps other organizations' peers out. Fewest peers first.
 *
 * @throws DiscoveryError when there is none.
 */
export function endorsementLayouts(
  interest: readonly ChaincodeCall[],
  peers: readonly GatewayPeer[],
  definitions: ChaincodeDefinitions,
): readonly Layout[] {
  const eligible = peers.filter((peer) => mayReceive(peer, interest, definitions));
  const rules = interest.flatMap((call) => rulesOf(call, definitions));
  const layouts = rules
    .map((rule) => layoutsOf(rule, eligible))
    .reduce<GatewayPeer[][]>((left, right) => merge(left, right), [[]]);
  if (layouts.length === 0) {
    throw new DiscoveryError('no peer combination can satisfy the endorsement policy');
  }
  return layouts.sort((a, b) => a.length - b.length);
}

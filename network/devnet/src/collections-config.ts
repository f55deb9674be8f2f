import { z } from 'zod';
import { memberPolicy, policyMspIds } from '../../definition/src/index.ts';
import type { SimpleCollection } from './define-network.ts';

/** As Fabric's own default (internal/peer/chaincode/common.go). */
const MAX_PEER_COUNT = 1;

const endorsementPolicy = z.union([
  z.strictObject({ signaturePolicy: z.string() }),
  z.strictObject({ channelConfigPolicy: z.string() }),
]);

const fabricCollection = z.object({
  name: z.string(),
  policy: z.string(),
  requiredPeerCount: z.int().optional(),
  maxPeerCount: z.int().optional(),
  blockToLive: z.int().optional(),
  memberOnlyRead: z.boolean().optional(),
  memberOnlyWrite: z.boolean().optional(),
  endorsementPolicy: endorsementPolicy.optional(),
});

type FabricCollection = z.infer<typeof fabricCollection>;

function members({ name, policy }: FabricCollection): readonly string[] {
  const mspIds = policyMspIds(policy.replaceAll('"', "'"));
  const asMembers = memberPolicy({ members: mspIds });
  const written = policy.replaceAll('"', "'").replaceAll(/\s/g, '').replace(/^or/i, 'OR');
  if (mspIds.length > 0 && written === asMembers) return mspIds;
  throw new Error(
    `The policy of collection "${name}" is "${policy}". The devnet takes an OR of members only, e.g. "OR('Org1MSP.member','Org2MSP.member')".`,
  );
}

function endorsement({ name, endorsementPolicy: policy }: FabricCollection): string | undefined {
  if (policy === undefined) return undefined;
  if ('signaturePolicy' in policy) return policy.signaturePolicy;
  throw new Error(
    `Collection "${name}" is endorsed by the channel's policy ${policy.channelConfigPolicy}. The devnet takes a signaturePolicy, e.g. "OR('Org1MSP.peer')".`,
  );
}

/**
 * Collections as Fabric's own tools take them: the content of a `collections_config.json` (`--collections-config`).
 *
 * @throws ZodError when it is none; Error when a collection has a policy that the devnet does not take.
 */
export function collectionsConfig(content: unknown): SimpleCollection[] {
  return z
    .array(fabricCollection)
    .parse(content)
    .map((collection) => ({
      name: collection.name,
      members: members(collection),
      requiredPeerCount: collection.requiredPeerCount,
      maxPeerCount: collection.maxPeerCount ?? MAX_PEER_COUNT,
      blockToLive: collection.blockToLive,
      memberOnlyRead: collection.memberOnlyRead,
      memberOnlyWrite: collection.memberOnlyWrite,
      endorsementPolicy: endorsement(collection),
    }));
}

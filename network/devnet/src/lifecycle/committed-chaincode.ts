import { msp, type peer } from '@hyperledger/fabric-protos';
import { type Rule, readPolicyEnvelope } from '../policy/signature-policy.ts';
import { readOr } from '../protos/read.ts';
import { applicationRule, NEVER, readApplicationPolicy } from './application-policy.ts';
import type { Parameters } from './parameters.ts';

/** A collection as endorsement and validation look at it. */
export interface Collection {
  readonly name: string;
  /** Who is a member: "OR of members". */
  readonly memberRule: Rule;
  readonly members: readonly string[];
  readonly memberOnlyRead: boolean;
  readonly memberOnlyWrite: boolean;
  readonly requiredPeerCount: number;
  readonly maxPeerCount: number;
  readonly blockToLive: number;
  /** Who must endorse a write; undefined when no organization of the channel can. */
  readonly endorsementRule: Rule | undefined;
}

/** A chaincode that is committed to the channel. */
export interface CommittedChaincode {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** Its first call of each version must be the one that initializes it. */
  readonly initRequired: boolean;
  readonly endorsementRule: Rule;
  /** Explicit ones by name. */
  readonly collections: ReadonlyMap<string, Collection>;
}

function explicitCollection(
  config: peer.StaticCollectionConfig,
  chaincodeRule: Rule,
  organizations: readonly string[],
): Collection {
  const members = config.getMemberOrgsPolicy()?.getSignaturePolicy();
  const endorsement = config.getEndorsementPolicy();
  return {
    name: config.getName(),
    members: (members?.getIdentitiesList() ?? []).map(
      (principal) => readOr(principal.getPrincipal_asU8(), msp.MSPRole)?.getMspIdentifier() ?? '',
    ),
    memberRule: (members && readPolicyEnvelope(members)) ?? NEVER,
    memberOnlyRead: config.getMemberOnlyRead(),
    memberOnlyWrite: config.getMemberOnlyWrite(),
    requiredPeerCount: config.getRequiredPeerCount(),
    maxPeerCount: config.getMaximumPeerCount(),
    blockToLive: config.getBlockToLive(),
    endorsementRule:
      endorsement === undefined
        ? chaincodeRule
        : (readApplicationPolicy(endorsement, organizations) ?? NEVER),
  };
}

/** What a definition means on a channel of these organizations. A policy that nobody can read is one that nobody satisfies. */
export function committedChaincode(
  { name, sequence }: { readonly name: string; readonly sequence: number },
  parameters: Parameters,
  organizations: readonly string[],
): CommittedChaincode {
  const rule = applicationRule(parameters.validationParameter, organizations) ?? NEVER;
  const collections = parameters.collections
    .getConfigList()
    .flatMap((config) => config.getStaticCollectionConfig() ?? [])
    .map((config) => explicitCollection(config, rule, organizations));
  return {
    name,
    sequence,
    version: parameters.version,
    initRequired: parameters.initRequired,
    endorsementRule: rule,
    collections: new Map(collections.map((collection) => [collection.name, collection])),
  };
}

/** `_implicit_org_<MSP ID>`: exists for every name, but only an organization of the channel can endorse (deployedcc_infoprovider.go). */
export function implicitCollectionOf(
  name: string,
  mspId: string,
  organizations: readonly string[],
): Collection {
  const rule = (role: 'member' | 'peer'): Rule => ({
    n: 1,
    rules: [{ signedBy: { mspId, role } }],
  });
  return {
    name,
    members: [mspId],
    memberRule: rule('member'),
    memberOnlyRead: false,
    memberOnlyWrite: false,
    requiredPeerCount: 0,
    maxPeerCount: 0,
    blockToLive: 0,
    // The organization's own "Endorsement" policy of the channel configuration.
    endorsementRule: organizations.includes(mspId) ? rule('peer') : undefined,
  };
}

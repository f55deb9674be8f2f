import {
  type ChaincodeDefinition,
  type CollectionDefinition,
  memberPolicy,
  type NetworkDefinition,
} from '../../../definition/src/index.ts';
import { parsePolicy } from '../policy/parse.ts';
import type { Rule } from '../policy/signature-policy.ts';

const IMPLICIT_PREFIX = '_implicit_org_';
/** Where Fabric keeps the chaincode definitions themselves. */
const LIFECYCLE_NAMESPACE = '_lifecycle';

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
  /** Who must endorse a write; undefined when no organization of the channel can. */
  readonly endorsementRule: Rule | undefined;
}

/** A chaincode that is committed to the channel. */
export interface CommittedChaincode {
  readonly name: string;
  readonly version: string;
  readonly endorsementRule: Rule;
  /** Explicit ones by name; `collection` also finds implicit ones. */
  readonly collections: ReadonlyMap<string, Collection>;
}

function explicitCollection(definition: CollectionDefinition, chaincodeRule: Rule): Collection {
  const { name, members, memberOnlyRead, memberOnlyWrite } = definition;
  const { requiredPeerCount, maxPeerCount, endorsementPolicy } = definition;
  return {
    name,
    members,
    memberOnlyRead,
    memberOnlyWrite,
    requiredPeerCount,
    maxPeerCount,
    memberRule: parsePolicy(memberPolicy(definition)),
    endorsementRule:
      endorsementPolicy === undefined ? chaincodeRule : parsePolicy(endorsementPolicy),
  };
}

function committed(definition: ChaincodeDefinition): CommittedChaincode {
  const endorsementRule = parsePolicy(definition.endorsementPolicy);
  return {
    name: definition.name,
    version: definition.version,
    endorsementRule,
    collections: new Map(
      definition.collections.map((c) => [c.name, explicitCollection(c, endorsementRule)]),
    ),
  };
}

/**
 * The channel's chaincode definitions, as Fabric's lifecycle answers about them. They come from the network
 * definition: there are no lifecycle transactions.
 */
export class ChaincodeDefinitions {
  readonly channel: string;
  readonly #chaincodes: ReadonlyMap<string, CommittedChaincode>;
  readonly #implicit = new Map<string, Collection>();
  readonly #mspIds: ReadonlySet<string>;
  /** The channel's LifecycleEndorsement policy: peers of most organizations. */
  readonly #lifecycleRule: Rule;

  /** @throws PolicyError when a policy text of the definition is none. */
  constructor(definition: NetworkDefinition, others: readonly ChaincodeDefinition[] = []) {
    this.channel = definition.channel;
    this.#mspIds = new Set(definition.organizations.map((o) => o.mspId));
    this.#lifecycleRule = {
      n: Math.floor(this.#mspIds.size / 2) + 1,
      rules: [...this.#mspIds].map((mspId) => ({ signedBy: { mspId, role: 'peer' } })),
    };
    const all = [definition.chaincode, ...others];
    this.#chaincodes = new Map(all.map((chaincode) => [chaincode.name, committed(chaincode)]));
  }

  chaincode(name: string): CommittedChaincode | undefined {
    return this.#chaincodes.get(name);
  }

  /** Who must endorse a write to a namespace; undefined when there is none of that name. */
  endorsementRule(namespace: string): Rule | undefined {
    if (namespace === LIFECYCLE_NAMESPACE) return this.#lifecycleRule;
    return this.#chaincodes.get(namespace)?.endorsementRule;
  }

  /** An explicit or implicit collection of a chaincode; undefined when there is none of that name. */
  collection(chaincode: string, name: string): Collection | undefined {
    const found = this.#chaincodes.get(chaincode);
    if (found === undefined) return undefined;
    if (name.startsWith(IMPLICIT_PREFIX)) return this.#implicitCollection(name);
    return found.collections.get(name);
  }

  /** `_implicit_org_<MSP ID>`: exists for every name, but only an organization of the channel can endorse (deployedcc_infoprovider.go). */
  #implicitCollection(name: string): Collection | undefined {
    const known = this.#implicit.get(name);
    if (known !== undefined) return known;
    const mspId = name.slice(IMPLICIT_PREFIX.length);
    const isMember = this.#mspIds.has(mspId);
    const collection: Collection = {
      name,
      members: [mspId],
      memberRule: { n: 1, rules: [{ signedBy: { mspId, role: 'member' } }] },
      memberOnlyRead: false,
      memberOnlyWrite: false,
      requiredPeerCount: 0,
      maxPeerCount: 0,
      // The organization's own "Endorsement" policy of the channel configuration.
      endorsementRule: isMember
        ? { n: 1, rules: [{ signedBy: { mspId, role: 'peer' } }] }
        : undefined,
    };
    if (isMember) this.#implicit.set(name, collection);
    return collection;
  }
}

import { common, msp, peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';
import { LifecycleError } from './errors.ts';

const CHAINCODE_NAME = /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/;
const VERSION = /^[A-Za-z0-9_.+-]+$/;
const COLLECTION_NAME = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/;
const SYSTEM_CHAINCODES = new Set(['cscc', 'escc', 'lscc', 'qscc', 'vscc']);
/** Nesting that no member policy reaches. */
const MAX_DEPTH = 16;

type Collection = peer.StaticCollectionConfig;

function refuseNames(name: string, version: string): string | undefined {
  if (!CHAINCODE_NAME.test(name)) {
    return `invalid chaincode name '${name}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics`;
  }
  if (SYSTEM_CHAINCODES.has(name)) {
    return `chaincode name '${name}' is the name of a system chaincode`;
  }
  if (VERSION.test(version)) return undefined;
  return `invalid chaincode version '${version}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'`;
}

/** The collections of a definition. @throws LifecycleError when one is empty. */
function staticCollections(message: peer.CollectionConfigPackage): Collection[] {
  return message.getConfigList().map((config) => {
    const found = config.getStaticCollectionConfig();
    if (found !== undefined) return found;
    throw new LifecycleError('collection config contains unexpected payload type: <nil>');
  });
}

function refuseCounts(collection: Collection): string | undefined {
  const [name, required] = [collection.getName(), collection.getRequiredPeerCount()];
  const maximum = collection.getMaximumPeerCount();
  if (maximum < required) {
    return `collection-name: ${name} -- maximum peer count (${maximum}) cannot be less than the required peer count (${required})`;
  }
  if (required >= 0) return undefined;
  return `collection-name: ${name} -- requiredPeerCount (${required}) cannot be less than zero`;
}

/** A member policy is an OR of principals. */
function refuseRule(rule: common.SignaturePolicy | undefined, depth: number): string | undefined {
  const nOutOf = rule?.getNOutOf();
  if (nOutOf === undefined) return undefined;
  if (nOutOf.getN() !== 1 || depth > MAX_DEPTH) {
    return `signature policy is not an OR concatenation, NOutOf ${nOutOf.getN()}`;
  }
  for (const child of nOutOf.getRulesList()) {
    const refusal = refuseRule(child, depth + 1);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusePrincipal(
  name: string,
  principal: msp.MSPPrincipal,
  organizations: readonly string[],
): string | undefined {
  const kind = principal.getPrincipalClassification();
  if (kind !== msp.MSPPrincipal.Classification.ROLE) {
    return `collection-name: ${name} -- principal type ${kind} is not supported`;
  }
  const member = readOr(principal.getPrincipal_asU8(), msp.MSPRole)?.getMspIdentifier() ?? '';
  if (organizations.includes(member)) return undefined;
  return `collection-name: ${name} -- collection member '${member}' is not part of the channel`;
}

function refuseMembers(
  collection: Collection,
  organizations: readonly string[],
): string | undefined {
  const name = collection.getName();
  const policy = collection.getMemberOrgsPolicy();
  if (policy === undefined) return `collection member policy is not set for collection '${name}'`;
  const members = policy.getSignaturePolicy();
  if (members === undefined)
    return `collection member org policy is empty for collection '${name}'`;
  const refusal = refuseRule(members.getRule(), 0);
  if (refusal !== undefined) {
    return `collection-name: ${name} -- error in member org policy: ${refusal}`;
  }
  return first(members.getIdentitiesList(), (one) => refusePrincipal(name, one, organizations));
}

function first<T>(
  list: readonly T[],
  refuse: (one: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, one] of list.entries()) {
    const refusal = refuse(one, index);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuseCollections(
  collections: readonly Collection[],
  organizations: readonly string[],
): string | undefined {
  const names = collections.map((collection) => collection.getName());
  return first(collections, (collection, index) => {
    const name = collection.getName();
    if (!COLLECTION_NAME.test(name)) {
      return `invalid collection name '${name}'. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'`;
    }
    if (names.indexOf(name) !== index) {
      return `collection-name: ${name} -- found duplicate in collection configuration`;
    }
    return refuseCounts(collection) ?? refuseMembers(collection, organizations);
  });
}

/** Collections stay, with the life of their data. */
function refuseChange(
  proposed: readonly Collection[],
  committed: readonly Collection[],
): string | undefined {
  if (committed.length > 0 && proposed.length === 0) {
    return 'the proposed collection config does not contain previously defined collections';
  }
  const byName = new Map(proposed.map((collection) => [collection.getName(), collection]));
  return first(committed, (old) => {
    const [name, blocks] = [old.getName(), old.getBlockToLive()];
    const next = byName.get(name);
    if (next === undefined) {
      return `existing collection [${name}] missing in the proposed collection configuration`;
    }
    if (next.getBlockToLive() === blocks) return undefined;
    return `the BlockToLive in an existing collection [${name}] modified. Existing value [${blocks}]`;
  });
}

export interface CheckedDefinition {
  readonly name: string;
  readonly version: string;
  readonly collections: peer.CollectionConfigPackage | undefined;
}

/**
 * Checks what an organization is to approve, or a channel to commit (core/chaincode/lifecycle/scc.go validateInput).
 *
 * @param committed the collections that the channel has now.
 * @throws LifecycleError
 */
export function checkDefinition(
  { name, version, collections = new peer.CollectionConfigPackage() }: CheckedDefinition,
  organizations: readonly string[],
  committed: () => peer.CollectionConfigPackage | undefined,
): void {
  const refuse = (): string | undefined => {
    const refusal = refuseNames(name, version);
    if (refusal !== undefined) return refusal;
    const proposed = staticCollections(collections);
    const known = (): Collection[] =>
      staticCollections(committed() ?? new peer.CollectionConfigPackage());
    return refuseCollections(proposed, organizations) ?? refuseChange(proposed, known());
  };
  const refusal = refuse();
  if (refusal !== undefined) {
    throw new LifecycleError(`error validating chaincode definition: ${refusal}`);
  }
}

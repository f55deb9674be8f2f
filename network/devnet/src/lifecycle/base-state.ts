import { createHash } from 'node:crypto';
import { peer } from '@hyperledger/fabric-protos';
import {
  type ChaincodeDefinition,
  type CollectionDefinition,
  memberPolicy,
} from '../../../definition/src/index.ts';
import { parsePolicy } from '../policy/parse.ts';
import { policyEnvelope } from '../policy/signature-policy.ts';
import {
  approvalName,
  approvedStructure,
  committedStructure,
  NAMESPACES,
  type Parameters,
  SOURCES,
  sourceStructure,
} from './parameters.ts';
import { type WritableState, writeStructure } from './stored-structure.ts';

const FIRST_SEQUENCE = 1;

/** Where a peer finds the chaincode of a network definition; every organization has approved this package of it. */
export function basePackageId({ name, version }: ChaincodeDefinition): string {
  return `${name}_${version}:devnet`;
}

function applicationPolicy(policy: string): peer.ApplicationPolicy {
  const message = new peer.ApplicationPolicy();
  message.setSignaturePolicy(policyEnvelope(parsePolicy(policy)));
  return message;
}

function collectionConfig(definition: CollectionDefinition): peer.CollectionConfig {
  const members = new peer.CollectionPolicyConfig();
  members.setSignaturePolicy(policyEnvelope(parsePolicy(memberPolicy(definition))));
  const message = new peer.StaticCollectionConfig();
  message.setName(definition.name);
  message.setMemberOrgsPolicy(members);
  message.setRequiredPeerCount(definition.requiredPeerCount);
  message.setMaximumPeerCount(definition.maxPeerCount);
  message.setBlockToLive(definition.blockToLive);
  message.setMemberOnlyRead(definition.memberOnlyRead);
  message.setMemberOnlyWrite(definition.memberOnlyWrite);
  if (definition.endorsementPolicy !== undefined) {
    message.setEndorsementPolicy(applicationPolicy(definition.endorsementPolicy));
  }
  const config = new peer.CollectionConfig();
  config.setStaticCollectionConfig(message);
  return config;
}

function parametersOf(definition: ChaincodeDefinition): Parameters {
  const collections = new peer.CollectionConfigPackage();
  collections.setConfigList(definition.collections.map(collectionConfig));
  return {
    version: definition.version,
    endorsementPlugin: 'escc',
    initRequired: false,
    validationPlugin: 'vscc',
    validationParameter: applicationPolicy(definition.endorsementPolicy).serializeBinary(),
    collections,
  };
}

class Values implements WritableState {
  readonly all = new Map<string, Uint8Array>();

  get(key: string): Uint8Array | undefined {
    return this.all.get(key);
  }

  put(key: string, value: Uint8Array): void {
    this.all.set(key, value);
  }

  delete(key: string): void {
    this.all.delete(key);
  }
}

/**
 * The lifecycle's state before the first transaction: the chaincodes of the network definition are committed with sequence
 * 1 and approved by everybody. What the ledger has is on top of it, so that a definition which the channel has changed stays
 * changed, and one that it has not follows the network definition at the next start.
 */
export class BaseState {
  /** Public values by key. */
  readonly committed: ReadonlyMap<string, Uint8Array>;
  /** Values of every organization's implicit collection by key. */
  readonly approved: ReadonlyMap<string, Uint8Array>;

  /** @throws PolicyError when a policy text of a definition is none. */
  constructor(chaincodes: readonly ChaincodeDefinition[]) {
    const [committed, approved] = [new Values(), new Values()];
    for (const chaincode of chaincodes) {
      const parameters = parametersOf(chaincode);
      const definition = committedStructure(FIRST_SEQUENCE, parameters);
      const name = approvalName(chaincode.name, FIRST_SEQUENCE);
      const source = sourceStructure(basePackageId(chaincode));
      writeStructure(committed, NAMESPACES, chaincode.name, definition);
      writeStructure(approved, NAMESPACES, name, approvedStructure(parameters));
      writeStructure(approved, SOURCES, name, source);
    }
    this.committed = committed.all;
    this.approved = approved.all;
  }

  /** SHA-256 of an approved value. */
  approvedHash(key: string): Uint8Array | undefined {
    const value = this.approved.get(key);
    return value && createHash('sha256').update(value).digest();
  }
}

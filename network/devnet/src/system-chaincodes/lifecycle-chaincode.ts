import { peer } from '@hyperledger/fabric-protos';
import {
  type ChaincodeDefinition,
  type CollectionDefinition,
  memberPolicy,
} from '../../../definition/src/index.ts';
import type { ChannelPolicies } from '../policy/channel-policies.ts';
import { parsePolicy } from '../policy/parse.ts';
import { policyEnvelope } from '../policy/signature-policy.ts';
import { type MessageClass, readMessage } from '../protos/read.ts';
import {
  creatorOf,
  refusal,
  type SystemCall,
  type SystemChaincode,
  success,
  text,
} from './system-chaincode.ts';

const { lifecycle } = peer;
const NOT_FOUND = 404;
/** Definitions are the network definition's: each is the first. */
const SEQUENCE = 1;
const WRITERS = '/Channel/Application/Writers';
/** Functions that Fabric has and that are not here: definitions come with the network. */
const NOT_HERE = new Set([
  'ApproveChaincodeDefinitionForMyOrg',
  'CheckCommitReadiness',
  'CommitChaincodeDefinition',
  'QueryApprovedChaincodeDefinition',
  'QueryApprovedChaincodeDefinitions',
  'InstallChaincode',
  'QueryInstalledChaincode',
  'QueryInstalledChaincodes',
  'GetInstalledChaincodePackage',
]);

export interface LifecycleOptions {
  readonly channel: string;
  readonly policies: ChannelPolicies;
  readonly chaincodes: readonly ChaincodeDefinition[];
  /** MSP IDs of the channel's organizations: all have approved. */
  readonly organizations: readonly string[];
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

function collections(definition: ChaincodeDefinition): peer.CollectionConfigPackage {
  const message = new peer.CollectionConfigPackage();
  message.setConfigList(definition.collections.map(collectionConfig));
  return message;
}

function fill(
  message:
    | peer.lifecycle.QueryChaincodeDefinitionResult
    | peer.lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition,
  definition: ChaincodeDefinition,
): void {
  message.setSequence(SEQUENCE);
  message.setVersion(definition.version);
  message.setEndorsementPlugin('escc');
  message.setValidationPlugin('vscc');
  message.setValidationParameter(applicationPolicy(definition.endorsementPolicy).serializeBinary());
  message.setCollections(collections(definition));
}

/** _lifecycle: what the channel's chaincodes are (core/chaincode/lifecycle/scc.go), as far as it can be asked. */
export class LifecycleChaincode implements SystemChaincode {
  readonly name = '_lifecycle';
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  invoke(call: SystemCall): Promise<peer.Response> {
    return Promise.resolve(this.#answer(call));
  }

  #answer({ args, parameters }: SystemCall): peer.Response {
    const [name, input = new Uint8Array()] = [text(args[0]), args[1]];
    if (args.length === 0) return refusal('lifecycle scc must be invoked with arguments');
    if (args.length !== 2) {
      return refusal(
        `lifecycle scc operations require exactly two arguments but received ${args.length}`,
      );
    }
    const denied = this.#deny(name, parameters.signedProposal);
    if (denied !== undefined) {
      return refusal(`Failed to authorize invocation due to failed ACL check: ${denied}`);
    }
    if (name === 'QueryChaincodeDefinition') return this.#definition(input);
    if (name === 'QueryChaincodeDefinitions') return this.#definitions(input);
    return refusal('chaincode definitions of the development network come with its definition');
  }

  #deny(name: string, signed: peer.SignedProposal): string | undefined {
    const { channel, policies } = this.#options;
    const isKnown = name.startsWith('QueryChaincodeDefinition') || NOT_HERE.has(name);
    if (!isKnown) return `Unmapped policy for ${this.name}/${name}`;
    const identity = creatorOf(signed);
    const data = signed.getProposalBytes_asU8();
    return policies.refuseAccess(channel, WRITERS, {
      data,
      identity,
      signature: signed.getSignature_asU8(),
    });
  }

  #definition(input: Uint8Array): peer.Response {
    return answerTo(
      'QueryChaincodeDefinition',
      input,
      lifecycle.QueryChaincodeDefinitionArgs,
      (args) => {
        const definition = this.#options.chaincodes.find((c) => c.name === args.getName());
        if (definition === undefined) return notFound(args.getName());
        const message = new lifecycle.QueryChaincodeDefinitionResult();
        fill(message, definition);
        for (const mspId of this.#options.organizations) {
          message.getApprovalsMap().set(mspId, true);
        }
        return success(message.serializeBinary());
      },
    );
  }

  #definitions(input: Uint8Array): peer.Response {
    return answerTo(
      'QueryChaincodeDefinitions',
      input,
      lifecycle.QueryChaincodeDefinitionsArgs,
      () => {
        const message = new lifecycle.QueryChaincodeDefinitionsResult();
        for (const definition of this.#options.chaincodes) {
          const one = new lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition();
          one.setName(definition.name);
          fill(one, definition);
          message.addChaincodeDefinitions(one);
        }
        return success(message.serializeBinary());
      },
    );
  }
}

function answerTo<Args>(
  name: string,
  input: Uint8Array,
  message: MessageClass<Args>,
  answer: (args: Args) => peer.Response,
): peer.Response {
  let args: Args;
  try {
    args = readMessage(input, message);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refusal(
      `failed to invoke backing implementation of '${name}': could not decode input arg for *lifecycle.Invocation.${name}: ${reason}`,
    );
  }
  return answer(args);
}

function notFound(name: string): peer.Response {
  const response = refusal(`namespace ${name} is not defined`);
  response.setStatus(NOT_FOUND);
  return response;
}

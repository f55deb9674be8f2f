import type { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeDefinition, CollectionDefinition } from '@pulseledger/domain';
import { applicationPolicyText, policyTextOf, signaturePolicyText } from './policy-text.ts';

/** A committed definition in plain words. */
export function readDefinition(
  name: string,
  definition: peer.lifecycle.QueryChaincodeDefinitionResult,
): ChaincodeDefinition {
  const approvals = [...definition.getApprovalsMap().entries()];
  return {
    name,
    version: definition.getVersion(),
    sequence: definition.getSequence(),
    endorsementPolicy: policyTextOf(definition.getValidationParameter_asU8()),
    approvedBy: approvals.flatMap(([mspId, isApproved]) => (isApproved ? [mspId] : [])),
    collections: (definition.getCollections()?.getConfigList() ?? []).flatMap(readCollection),
  };
}

function readCollection(config: peer.CollectionConfig): CollectionDefinition[] {
  const collection = config.getStaticCollectionConfig();
  if (collection === undefined) return [];
  const policy = collection.getEndorsementPolicy();
  return [
    {
      name: collection.getName(),
      members: signaturePolicyText(collection.getMemberOrgsPolicy()?.getSignaturePolicy()),
      endorsementPolicy: policy === undefined ? null : applicationPolicyText(policy),
      blockToLive: collection.getBlockToLive(),
    },
  ];
}

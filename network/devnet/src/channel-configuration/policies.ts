import { common } from '@hyperledger/fabric-protos';
import type { Role } from '../msp/identity.ts';
import type { OrganizationPolicies } from '../policy/channel-policies.ts';
import { policyEnvelope, type Rule } from '../policy/signature-policy.ts';

/** The policies of an organization's group in the channel configuration. */
export type OrganizationPolicyName = 'Readers' | 'Writers' | 'Admins' | 'Endorsement';

function anyOf(mspId: string, roles: readonly Role[]): Rule {
  return { n: 1, rules: roles.map((role) => ({ signedBy: { mspId, role } })) };
}

/** As in Fabric's sample networks with NodeOUs (fabric-samples test-network configtx.yaml). */
export function organizationPolicies(
  mspId: string,
): OrganizationPolicies & Readonly<Record<OrganizationPolicyName, Rule>> {
  return {
    Readers: anyOf(mspId, ['admin', 'peer', 'client']),
    Writers: anyOf(mspId, ['admin', 'client']),
    Admins: anyOf(mspId, ['admin']),
    Endorsement: anyOf(mspId, ['peer']),
  };
}

function policyMessage(type: number, value: Uint8Array): common.ConfigPolicy {
  const policy = new common.Policy();
  policy.setType(type);
  policy.setValue(value);
  const message = new common.ConfigPolicy();
  message.setPolicy(policy);
  message.setModPolicy('Admins');
  return message;
}

/** A policy that names signatures. */
export function signaturePolicy(rule: Rule): common.ConfigPolicy {
  return policyMessage(common.Policy.PolicyType.SIGNATURE, policyEnvelope(rule).serializeBinary());
}

/** A policy over the sub-groups' policies of a name. */
export function implicitMetaPolicy(
  rule: common.ImplicitMetaPolicy.RuleMap[keyof common.ImplicitMetaPolicy.RuleMap],
  subPolicy: string,
): common.ConfigPolicy {
  const message = new common.ImplicitMetaPolicy();
  message.setRule(rule);
  message.setSubPolicy(subPolicy);
  return policyMessage(common.Policy.PolicyType.IMPLICIT_META, message.serializeBinary());
}

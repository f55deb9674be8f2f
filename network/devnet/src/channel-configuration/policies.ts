import { common } from '@hyperledger/fabric-protos';
import type { Role } from '../msp/identity.ts';
import type { ChannelRules } from '../policy/channel-policies.ts';
import { policyEnvelope, type Rule } from '../policy/signature-policy.ts';

/** The policies of an organization's group in the channel configuration. */
export type OrganizationPolicies = Readonly<Record<'Readers' | 'Writers' | 'Admins', Rule>>;

function anyOf(mspId: string, roles: readonly Role[]): Rule {
  return { n: 1, rules: roles.map((role) => ({ signedBy: { mspId, role } })) };
}

/** An organization that uses the channel. */
export function applicationPolicies(
  mspId: string,
): OrganizationPolicies & Readonly<Record<'Endorsement', Rule>> {
  return {
    Readers: anyOf(mspId, ['member']),
    Writers: anyOf(mspId, ['admin', 'client']),
    Admins: anyOf(mspId, ['admin']),
    Endorsement: anyOf(mspId, ['peer']),
  };
}

/** The same organization as one that orders: only its orderers may sign blocks. */
export function ordererPolicies(mspId: string): OrganizationPolicies {
  return {
    Readers: anyOf(mspId, ['member']),
    Writers: anyOf(mspId, ['orderer']),
    Admins: anyOf(mspId, ['admin']),
  };
}

/** The channel's policies over these organizations; those that order are named again. */
export function channelPolicies(
  members: readonly string[],
  orderers: readonly string[],
): ChannelRules {
  const application = members.map(applicationPolicies);
  const writers = application.map((organization) => organization.Writers);
  return {
    '/Channel/Application/Readers': application.map((organization) => organization.Readers),
    '/Channel/Application/Writers': writers,
    '/Channel/Writers': [...writers, ...orderers.map((mspId) => ordererPolicies(mspId).Writers)],
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

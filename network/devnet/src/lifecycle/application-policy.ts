import { peer } from '@hyperledger/fabric-protos';
import type { Role } from '../msp/identity.ts';
import { type Rule, readPolicyEnvelope } from '../policy/signature-policy.ts';
import { readOr } from '../protos/read.ts';

/** Nobody satisfies it. */
export const NEVER: Rule = { n: 1, rules: [] };

const APPLICATION = '/Channel/Application/';
/** Who an organization's own policies of the channel configuration ask for. */
const OWN_ROLES: ReadonlyMap<string, readonly Role[]> = new Map<string, readonly Role[]>([
  ['Readers', ['member']],
  ['Writers', ['admin', 'client']],
  ['Admins', ['admin']],
  ['Endorsement', ['peer']],
]);
/** Policies over all organizations: the organizations' policy of a name, and whether of one or of most. */
const OVERALL: ReadonlyMap<string, { readonly own: string; readonly most: boolean }> = new Map([
  ['Readers', { own: 'Readers', most: false }],
  ['Writers', { own: 'Writers', most: false }],
  ['Admins', { own: 'Admins', most: true }],
  ['Endorsement', { own: 'Endorsement', most: true }],
  ['LifecycleEndorsement', { own: 'Endorsement', most: true }],
]);

function ownRule(mspId: string, name: string): Rule | undefined {
  const roles = OWN_ROLES.get(name);
  return roles && { n: 1, rules: roles.map((role) => ({ signedBy: { mspId, role } })) };
}

/** A policy of the channel configuration that the organizations' peers, clients and so on sign; undefined when there is none. */
export function channelRule(reference: string, organizations: readonly string[]): Rule | undefined {
  if (!reference.startsWith(APPLICATION)) return undefined;
  const [first = '', second] = reference.slice(APPLICATION.length).split('/');
  if (second !== undefined) {
    return organizations.includes(first) ? ownRule(first, second) : undefined;
  }
  const overall = OVERALL.get(first);
  if (overall === undefined) return undefined;
  return {
    n: overall.most ? Math.floor(organizations.length / 2) + 1 : 1,
    rules: organizations.map((mspId) => ownRule(mspId, overall.own) ?? NEVER),
  };
}

/** What a policy of a definition asks for; undefined when it is none. */
export function readApplicationPolicy(
  message: peer.ApplicationPolicy,
  organizations: readonly string[],
): Rule | undefined {
  const signatures = message.getSignaturePolicy();
  if (signatures !== undefined) return readPolicyEnvelope(signatures);
  return channelRule(message.getChannelConfigPolicyReference(), organizations);
}

/** The same from bytes. */
export function applicationRule(
  policy: Uint8Array,
  organizations: readonly string[],
): Rule | undefined {
  const message = readOr(policy, peer.ApplicationPolicy);
  return message && readApplicationPolicy(message, organizations);
}

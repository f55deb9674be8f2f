import { common, msp } from '@hyperledger/fabric-protos';
import type { Principal, Role } from '../msp/identity.ts';
import { readOr } from '../protos/read.ts';

/** A node of a policy: one principal's signature, or n of several rules (AND and OR are forms of it). */
export type Rule =
  | { readonly signedBy: Principal }
  | { readonly n: number; readonly rules: readonly Rule[] };

const ROLES: Readonly<Record<Role, msp.MSPRole.MSPRoleTypeMap[keyof msp.MSPRole.MSPRoleTypeMap]>> =
  {
    member: msp.MSPRole.MSPRoleType.MEMBER,
    admin: msp.MSPRole.MSPRoleType.ADMIN,
    client: msp.MSPRole.MSPRoleType.CLIENT,
    peer: msp.MSPRole.MSPRoleType.PEER,
    orderer: msp.MSPRole.MSPRoleType.ORDERER,
  };

const ROLE_NAMES: ReadonlyMap<number, Role> = new Map(
  (['member', 'admin', 'client', 'peer', 'orderer'] as const).map((role) => [ROLES[role], role]),
);

/** Nesting that no sensible policy reaches; policies also come from contracts (key-level endorsement). */
export const MAX_POLICY_DEPTH = 16;

function principalMessage(principal: Principal): msp.MSPPrincipal {
  const role = new msp.MSPRole();
  role.setMspIdentifier(principal.mspId);
  role.setRole(ROLES[principal.role]);
  const message = new msp.MSPPrincipal();
  message.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  message.setPrincipal(role.serializeBinary());
  return message;
}

function ruleMessage(rule: Rule, identities: msp.MSPPrincipal[]): common.SignaturePolicy {
  const message = new common.SignaturePolicy();
  if ('signedBy' in rule) {
    message.setSignedBy(identities.push(principalMessage(rule.signedBy)) - 1);
    return message;
  }
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(rule.n);
  nOutOf.setRulesList(rule.rules.map((child) => ruleMessage(child, identities)));
  message.setNOutOf(nOutOf);
  return message;
}

/** The policy as Fabric's protobuf message. */
export function policyEnvelope(rule: Rule): common.SignaturePolicyEnvelope {
  const identities: msp.MSPPrincipal[] = [];
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setVersion(0);
  envelope.setRule(ruleMessage(rule, identities));
  envelope.setIdentitiesList(identities);
  return envelope;
}

function readPrincipal(message: msp.MSPPrincipal | undefined): Principal | undefined {
  if (message?.getPrincipalClassification() !== msp.MSPPrincipal.Classification.ROLE)
    return undefined;
  const role = readOr(message.getPrincipal_asU8(), msp.MSPRole);
  const name = role === undefined ? undefined : ROLE_NAMES.get(role.getRole());
  return role === undefined || name === undefined
    ? undefined
    : { mspId: role.getMspIdentifier(), role: name };
}

function readRule(
  message: common.SignaturePolicy | undefined,
  identities: readonly msp.MSPPrincipal[],
  depth: number,
): Rule | undefined {
  if (message === undefined || depth > MAX_POLICY_DEPTH) return undefined;
  if (message.hasSignedBy()) {
    const signedBy = readPrincipal(identities[message.getSignedBy()]);
    return signedBy === undefined ? undefined : { signedBy };
  }
  const nOutOf = message.getNOutOf();
  if (nOutOf === undefined) return undefined;
  const rules = nOutOf.getRulesList().map((child) => readRule(child, identities, depth + 1));
  if (rules.some((rule) => rule === undefined)) return undefined;
  return { n: nOutOf.getN(), rules: rules.filter((rule) => rule !== undefined) };
}

/**
 * Reads a policy message of role principals.
 *
 * @returns undefined when it is none (another version, another kind of principal, too deep).
 */
export function readPolicyEnvelope(envelope: common.SignaturePolicyEnvelope): Rule | undefined {
  if (envelope.getVersion() !== 0) return undefined;
  return readRule(envelope.getRule(), envelope.getIdentitiesList(), 0);
}

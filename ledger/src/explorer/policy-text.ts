import { common, msp, peer } from '@hyperledger/fabric-protos';

/** Nesting that no sensible policy reaches. */
const MAX_DEPTH = 8;
/** Stands for what this reader does not know. */
const OTHER = '…';

const ROLES: ReadonlyMap<number, string> = new Map(
  Object.entries(msp.MSPRole.MSPRoleType).map(([name, value]) => [value, name.toLowerCase()]),
);

/**
 * A signature policy in Fabric's own words, such as `AND('HospitalMSP.peer','ClinicMSP.peer')`
 * (https://hyperledger-fabric.readthedocs.io/en/release-2.5/endorsement-policies.html).
 */
export function signaturePolicyText(policy: common.SignaturePolicyEnvelope | undefined): string {
  if (policy === undefined) return OTHER;
  const principals = policy.getIdentitiesList().map(principalText);
  return ruleText(policy.getRule(), principals, 0);
}

/** An endorsement policy of a definition: a signature policy, or the name of one in the channel's configuration. */
export function applicationPolicyText(policy: peer.ApplicationPolicy | undefined): string {
  const reference = policy?.getChannelConfigPolicyReference() ?? '';
  return reference === '' ? signaturePolicyText(policy?.getSignaturePolicy()) : reference;
}

/** The same from bytes. */
export function policyTextOf(bytes: Uint8Array): string {
  try {
    return applicationPolicyText(peer.ApplicationPolicy.deserializeBinary(bytes));
  } catch {
    return OTHER;
  }
}

function ruleText(
  rule: common.SignaturePolicy | undefined,
  principals: readonly string[],
  depth: number,
): string {
  if (rule === undefined || depth > MAX_DEPTH) return OTHER;
  if (rule.hasSignedBy()) return principals[rule.getSignedBy()] ?? OTHER;
  const some = rule.getNOutOf() ?? new common.SignaturePolicy.NOutOf();
  const rules = some.getRulesList().map((one) => ruleText(one, principals, depth + 1));
  return combined(some.getN(), rules);
}

/** So many of these: all are AND, one is OR. */
function combined(n: number, rules: readonly string[]): string {
  const list = rules.join(',');
  if (rules.length === 1 && n === 1) return list;
  if (n === rules.length) return `AND(${list})`;
  return n === 1 ? `OR(${list})` : `OutOf(${n},${list})`;
}

function principalText(principal: msp.MSPPrincipal): string {
  if (principal.getPrincipalClassification() !== msp.MSPPrincipal.Classification.ROLE) return OTHER;
  try {
    const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
    return `'${role.getMspIdentifier()}.${ROLES.get(role.getRole()) ?? OTHER}'`;
  } catch {
    return OTHER;
  }
}

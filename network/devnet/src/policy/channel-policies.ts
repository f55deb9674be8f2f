import type { MspManager } from '../msp/msp-manager.ts';
import { satisfiesPolicy } from './evaluate.ts';
import type { Rule } from './signature-policy.ts';
import { type SignedData, signatories } from './signature-set.ts';

/** The two policies of a channel that clients meet. */
export type ChannelPolicyName = 'Readers' | 'Writers';

/** An organization's own part of a channel policy. */
export type OrganizationPolicies = Readonly<Record<ChannelPolicyName, Rule>>;

/**
 * A channel's policies over all organizations: "ANY Readers" and "ANY Writers", each satisfied when one
 * organization's own policy of that name is (common/policies/implicitmeta.go).
 */
export class ChannelPolicies {
  readonly #organizations: readonly OrganizationPolicies[];
  readonly #msps: MspManager;

  constructor(organizations: readonly OrganizationPolicies[], msps: MspManager) {
    this.#organizations = organizations;
    this.#msps = msps;
  }

  /** Fabric's text of why the signatures do not satisfy the policy, or undefined when they do. */
  refuse(name: ChannelPolicyName, signatures: readonly SignedData[]): string | undefined {
    const identities = signatories(signatures, this.#msps);
    if (this.#organizations.some((o) => satisfiesPolicy(o[name], identities))) return undefined;
    return `implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${name}' sub-policies to be satisfied`;
  }
}

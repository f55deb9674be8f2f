import type { MspManager } from '../msp/msp-manager.ts';
import { satisfiesPolicy } from './evaluate.ts';
import type { Rule } from './signature-policy.ts';
import { type SignedData, signatories } from './signature-set.ts';

/** The policies of a channel that clients meet. */
export type ChannelPolicyName =
  | '/Channel/Application/Readers'
  | '/Channel/Application/Writers'
  | '/Channel/Writers';

/** For each policy the organizations' own parts of it. */
export type ChannelRules = Readonly<Record<ChannelPolicyName, readonly Rule[]>>;

/**
 * A channel's policies over all organizations: "ANY Readers" and "ANY Writers", each satisfied when one
 * organization's own policy of that name is (common/policies/implicitmeta.go).
 */
export class ChannelPolicies {
  readonly #rules: ChannelRules;
  readonly #msps: MspManager;

  constructor(rules: ChannelRules, msps: MspManager) {
    this.#rules = rules;
    this.#msps = msps;
  }

  /** Fabric's text of why the signatures do not satisfy the policy, or undefined when they do. */
  refuse(name: ChannelPolicyName, signatures: readonly SignedData[]): string | undefined {
    const identities = signatories(signatures, this.#msps);
    if (this.#rules[name].some((rule) => satisfiesPolicy(rule, identities))) return undefined;
    const subPolicy = name.slice(name.lastIndexOf('/') + 1);
    return `implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${subPolicy}' sub-policies to be satisfied`;
  }

  /** The same in the words of a peer's access control (core/policy/policy.go). */
  refuseAccess(channel: string, name: ChannelPolicyName, signed: SignedData): string | undefined {
    const refusal = this.refuse(name, [signed]);
    if (refusal === undefined) return undefined;
    return `Failed evaluating policy on signed data during check policy on channel [${channel}] with policy [${name}]: [${refusal}]`;
  }
}

import { common } from '@hyperledger/fabric-protos';
import type { Ledger } from '../ledger/types.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { Identity } from '../msp/identity.ts';
import { satisfiesPolicy } from '../policy/evaluate.ts';
import { type Rule, readPolicyEnvelope } from '../policy/signature-policy.ts';
import { readOr } from '../protos/read.ts';
import type { NamespaceWrites, WrittenKey } from './write-set.ts';

const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

/** Keys of a block whose own policy was changed by an earlier valid transaction of the same block. */
export class ChangedKeyPolicies {
  readonly #keys = new Set<string>();

  add(writes: readonly NamespaceWrites[]): void {
    for (const { namespace, metadataKeys } of writes) {
      for (const key of metadataKeys) this.#keys.add(nameOf(namespace, key));
    }
  }

  has(namespace: string, key: WrittenKey): boolean {
    return this.#keys.has(nameOf(namespace, key));
  }
}

function nameOf(namespace: string, { collection, key }: WrittenKey): string {
  return `${namespace}\0${collection}\0${key}`;
}

export interface PolicySource {
  readonly definitions: ChaincodeDefinitions;
  readonly ledger: Ledger;
}

/** The policy of a key's own, as it is in committed state. */
function keyPolicy(
  { ledger }: PolicySource,
  namespace: string,
  key: WrittenKey,
): Uint8Array | undefined {
  const metadata =
    key.keyHash === undefined
      ? ledger.keyMetadata(namespace, key.key)
      : ledger.privateKeyMetadata(namespace, key.collection, key.keyHash);
  const policy = metadata.get(VALIDATION_PARAMETER);
  return policy === undefined || policy.length === 0 ? undefined : policy;
}

/** Answers of one transaction about its policies: thousands of keys share a few. */
class PolicyAnswers {
  readonly #endorsers: readonly Identity[];
  readonly #answers = new Map<Rule, boolean>();

  constructor(endorsers: readonly Identity[]) {
    this.#endorsers = endorsers;
  }

  satisfies(rule: Rule | undefined): boolean {
    if (rule === undefined) return false;
    const answer = this.#answers.get(rule) ?? satisfiesPolicy(rule, this.#endorsers);
    this.#answers.set(rule, answer);
    return answer;
  }

  satisfiesOwn(policy: Uint8Array): boolean {
    const envelope = readOr(policy, common.SignaturePolicyEnvelope);
    const rule = envelope === undefined ? undefined : readPolicyEnvelope(envelope);
    return rule !== undefined && satisfiesPolicy(rule, this.#endorsers);
  }
}

/**
 * Whether the endorsers satisfy all policies that a transaction's writes to one namespace ask for: a key's own policy where
 * it has one, else its collection's, else the chaincode's; at least one of them
 * (core/common/validation/statebased/v20.go, validator_keylevel.go).
 */
export function satisfiesPolicies(
  source: PolicySource,
  writes: NamespaceWrites,
  endorsers: readonly Identity[],
  changed: ChangedKeyPolicies,
): boolean {
  const { namespace, keys } = writes;
  const chaincodeRule = source.definitions.endorsementRule(namespace);
  const answers = new PolicyAnswers(endorsers);
  const isEndorsed = (key: WrittenKey): boolean => {
    if (changed.has(namespace, key)) return false;
    const own = keyPolicy(source, namespace, key);
    if (own !== undefined) return answers.satisfiesOwn(own);
    if (key.collection === '') return answers.satisfies(chaincodeRule);
    return answers.satisfies(
      source.definitions.collection(namespace, key.collection)?.endorsementRule,
    );
  };
  return keys.every(isEndorsed) && (keys.length > 0 || answers.satisfies(chaincodeRule));
}

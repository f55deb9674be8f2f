import type { Identity } from '../msp/identity.ts';
import type { MspManager } from '../msp/msp-manager.ts';

/** A message, who says to have signed it (bytes of msp.SerializedIdentity), and the signature. */
export interface SignedData {
  readonly data: Uint8Array;
  readonly identity: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The identities behind a set of signatures: unknown ones, wrong signatures and repetitions of an identity are
 * left out (common/policies/policy.go SignatureSetToValidIdentities). Whether their MSP takes them is asked
 * by the policy.
 */
export function signatories(signatures: readonly SignedData[], msps: MspManager): Identity[] {
  const found = new Map<string, Identity>();
  for (const { data, identity: serialized, signature } of signatures) {
    const identity = msps.find(serialized);
    if (identity === undefined) continue;
    const key = `${identity.mspId} ${identity.id}`;
    if (found.has(key) || identity.refuseSignature(data, signature) !== undefined) continue;
    found.set(key, identity);
  }
  return [...found.values()];
}

import { parsePolicy } from '../../network/devnet/src/policy/parse.ts';
import { policyEnvelope } from '../../network/devnet/src/policy/signature-policy.ts';

/** A key's endorsement policy as chaincode sets it: base64 of SignaturePolicyEnvelope. */
export function keyPolicy(text: string): string {
  return Buffer.from(policyEnvelope(parsePolicy(text)).serializeBinary()).toString('base64');
}

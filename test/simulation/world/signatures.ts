// Stands for chaincode/src/crypto.ts in the simulation: a keyed hash in place of ECDSA, so that the same seed gives the same
// bytes and a signature costs next to nothing. What is simulated is who signed what, not the mathematics.
import { createHash, createHmac } from 'node:crypto';
import type { Sha256 } from '@pulseledger/domain';

/** @public The bundle has it in place of the chaincode's own. */
export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** @public Every text is a key here. */
export function parsePublicKey(spkiBase64: string): string {
  return spkiBase64;
}

/** 64 bytes, as an ES256 signature. */
export function signed(body: Uint8Array, key: string): Uint8Array {
  return createHmac('sha512', key).update(body).digest();
}

/** @public */
export function isSigned(body: Uint8Array, signature: Uint8Array, key: string): boolean {
  return Buffer.compare(signed(body, key), signature) === 0;
}

import { z } from 'zod';
import { asciiBytes, bytesFromHex, hexFromBytes } from '../bytes.ts';
import { Identifier, SaltHex } from '../identifiers.ts';
import type { Sha256 } from '../merkle.ts';

/** Transient field `subject`: opens the commitment in the caller's certificate. */
export interface SubjectOpening {
  readonly id: string;
  readonly saltHex: string;
}
export const SubjectOpening: z.ZodType<SubjectOpening> = z.strictObject({
  id: Identifier,
  saltHex: SaltHex,
});

function digestOf(domain: string, saltHex: string, id: string, sha256: Sha256): string {
  const parts = [asciiBytes(domain), bytesFromHex(saltHex), asciiBytes(id)];
  const input = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    input.set(part, at);
    at += part.length;
  }
  return hexFromBytes(sha256(input));
}

/** Certificate attribute `subject`: hex SHA-256 over a fixed prefix, the salt's bytes and the id. */
export function subjectCommitment(id: string, saltHex: string, sha256: Sha256): string {
  return digestOf('pulseledger/subject/1', saltHex, id, sha256);
}

/** Name of a patient's live hint topic, 32 hex digits, from the patient record's salt. */
export function livePseudonym(patientId: string, saltHex: string, sha256: Sha256): string {
  return digestOf('pulseledger/live/1', saltHex, patientId, sha256).slice(0, 32);
}

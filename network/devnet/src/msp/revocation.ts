import { readRevocationList } from '../../../identity/src/index.ts';
import type { Certificate } from './certificate.ts';

/** Serial numbers that an authority revoked, by the fingerprint of the authority's certificate. */
export type Revocations = ReadonlyMap<string, ReadonlySet<string>>;

function normalSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, '');
}

function revokedBy(list: string, authority: Certificate): readonly string[] | undefined {
  try {
    const entries = readRevocationList(list, authority.x509.toString());
    return entries.map((entry) => normalSerial(entry.serialNumber));
  } catch (error) {
    // Another authority's list.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * Reads certificate revocation lists (PEM). As in Fabric a list counts for the authority that signed it, from the
 * moment it is configured, whatever dates it carries; a list that no authority signed is ignored.
 */
export function readRevocations(
  lists: readonly string[],
  authorities: readonly Certificate[],
): Revocations {
  const revocations = new Map<string, Set<string>>();
  for (const authority of authorities) {
    const serials = lists.flatMap((list) => revokedBy(list, authority) ?? []);
    revocations.set(authority.x509.fingerprint256, new Set(serials));
  }
  return revocations;
}

/** Whether an authority revoked a certificate. */
export function isRevoked(
  revocations: Revocations,
  certificate: Certificate,
  authority: Certificate,
): boolean {
  const serials = revocations.get(authority.x509.fingerprint256);
  return serials?.has(normalSerial(certificate.x509.serialNumber)) ?? false;
}

import { X509Certificate } from 'node:crypto';
import { type EcdsaKey, ecdsaKey } from './ecdsa.ts';

/** What an MSP looks at in an X.509 certificate. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly publicKey: EcdsaKey;
  /** Organizational units of the subject, in order. */
  readonly organizationalUnits: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Object identifiers of the extended key usage; empty when the extension is absent. */
  readonly extendedKeyUsages: readonly string[];
}

function organizationalUnits(x509: X509Certificate): readonly string[] {
  // Node's type promises a subject of single strings; several values of one name come as an array.
  const units: unknown = x509.toLegacyObject().subject.OU;
  if (Array.isArray(units)) return units.filter((unit) => typeof unit === 'string');
  return typeof units === 'string' ? [units] : [];
}

/** Node gives undefined for an absent extension, whatever its type says. */
function orEmpty(values: readonly string[] | undefined): readonly string[] {
  return values ?? [];
}

/**
 * Reads one certificate.
 *
 * @throws Error when the text is no PEM certificate.
 */
export function parseCertificate(pem: Uint8Array | string): Certificate {
  const x509 = new X509Certificate(pem);
  return {
    x509,
    publicKey: ecdsaKey(x509.publicKey),
    organizationalUnits: organizationalUnits(x509),
    notBeforeMs: Date.parse(x509.validFrom),
    notAfterMs: Date.parse(x509.validTo),
    extendedKeyUsages: orEmpty(x509.keyUsage),
  };
}

/** Splits a text of several PEM blocks; text between them is dropped. */
export function pemBlocks(text: string): readonly string[] {
  return text.match(/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?-----END [A-Z0-9 ]+-----/g) ?? [];
}

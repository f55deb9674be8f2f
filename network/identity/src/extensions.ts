import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509';
import type { Issuer } from './certificate.ts';

/**
 * Where Fabric CA puts attributes and fabric-shim's ClientIdentity looks for them
 * (https://hyperledger-fabric-ca.readthedocs.io/en/latest/users-guide.html, attribute-based access control).
 */
const OID_FABRIC_ATTRIBUTES = '1.2.3.4.5.6.7.8.1';

export function authorityKeyIdentifier(keyId: string): Extension {
  return new AuthorityKeyIdentifierExtension(keyId);
}

export function subjectAlternativeNames(
  names: readonly string[],
  ips: readonly string[],
): Extension {
  return new SubjectAlternativeNameExtension([
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ]);
}

/** Both uses: a peer or orderer is a TLS server and a TLS client with one certificate. */
export function serverAndClient(): Extension {
  return new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]);
}

export function clientOnly(): Extension {
  return new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]);
}

export function fabricAttributes(attributes: Readonly<Record<string, string>>): Extension {
  const sorted = Object.fromEntries(
    Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : Number(a > b))),
  );
  const json = JSON.stringify({ attrs: sorted });
  return new Extension(OID_FABRIC_ATTRIBUTES, false, new TextEncoder().encode(json));
}

const leafExtensions = new WeakMap<Issuer, readonly Extension[]>();

/** What every certificate of a person, service, node or device carries; made once for an issuer. */
export function endEntity(issuer: Issuer): readonly Extension[] {
  const known = leafExtensions.get(issuer);
  if (known !== undefined) return known;
  const made = [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new BasicConstraintsExtension(false, undefined, true),
    authorityKeyIdentifier(issuer.keyId),
  ];
  leafExtensions.set(issuer, made);
  return made;
}

export function certificateAuthority(
  subjectKey: string,
  authorityKey: string,
  pathLength: number,
): readonly Extension[] {
  return [
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new BasicConstraintsExtension(true, pathLength, true),
    new SubjectKeyIdentifierExtension(subjectKey),
    authorityKeyIdentifier(authorityKey),
  ];
}

import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  type Extension,
  GeneralName,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { extension, type Issuer, ownBuffer } from './certificate.ts';

const OID_SUBJECT_KEY_ID = '2.5.29.14';
const OID_KEY_USAGE = '2.5.29.15';
const OID_SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const OID_BASIC_CONSTRAINTS = '2.5.29.19';
const OID_AUTHORITY_KEY_ID = '2.5.29.35';
const OID_EXTENDED_KEY_USAGE = '2.5.29.37';
const OID_SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const OID_CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/**
 * Where Fabric CA puts attributes and fabric-shim's ClientIdentity looks for them
 * (https://hyperledger-fabric-ca.readthedocs.io/en/latest/users-guide.html, attribute-based access control).
 */
export const OID_FABRIC_ATTRIBUTES = '1.2.3.4.5.6.7.8.1';

function bytes(value: unknown): Uint8Array {
  return new Uint8Array(AsnConvert.serialize(value));
}

export function keyUsage(flags: number): Extension {
  return extension(OID_KEY_USAGE, bytes(new KeyUsage(flags)), true);
}

export function authorityConstraints(pathLength: number): Extension {
  const constraints = new BasicConstraints({ cA: true, pathLenConstraint: pathLength });
  return extension(OID_BASIC_CONSTRAINTS, bytes(constraints), true);
}

export function subjectKeyIdentifier(keyId: Uint8Array): Extension {
  return extension(OID_SUBJECT_KEY_ID, bytes(new OctetString(ownBuffer(keyId))));
}

export function authorityKeyIdentifier(keyId: Uint8Array): Extension {
  const identifier = new KeyIdentifier(ownBuffer(keyId));
  return extension(
    OID_AUTHORITY_KEY_ID,
    bytes(new AuthorityKeyIdentifier({ keyIdentifier: identifier })),
  );
}

export function subjectAlternativeNames(
  names: readonly string[],
  ips: readonly string[],
): Extension {
  const all = [
    ...names.map((dNSName) => new GeneralName({ dNSName })),
    ...ips.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  return extension(OID_SUBJECT_ALTERNATIVE_NAME, bytes(new SubjectAlternativeName(all)));
}

/** Both uses: a peer or orderer is a TLS server and a TLS client with one certificate. */
export function serverAndClient(): Extension {
  const purposes = new ExtendedKeyUsage([OID_SERVER_AUTHENTICATION, OID_CLIENT_AUTHENTICATION]);
  return extension(OID_EXTENDED_KEY_USAGE, bytes(purposes));
}

export function clientOnly(): Extension {
  return extension(
    OID_EXTENDED_KEY_USAGE,
    bytes(new ExtendedKeyUsage([OID_CLIENT_AUTHENTICATION])),
  );
}

export function fabricAttributes(attributes: Readonly<Record<string, string>>): Extension {
  const sorted = Object.fromEntries(
    Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : Number(a > b))),
  );
  const json = JSON.stringify({ attrs: sorted });
  return extension(OID_FABRIC_ATTRIBUTES, new TextEncoder().encode(json));
}

const basicConstraintsOfLeaf = extension(
  OID_BASIC_CONSTRAINTS,
  bytes(new BasicConstraints({ cA: false })),
  true,
);
const signingUsage = keyUsage(KeyUsageFlags.digitalSignature);
const leafExtensions = new WeakMap<Issuer, readonly Extension[]>();

/** What every certificate of a person, service, node or device carries; made once for an issuer. */
export function endEntity(issuer: Issuer): readonly Extension[] {
  const known = leafExtensions.get(issuer);
  if (known !== undefined) return known;
  const made = [signingUsage, basicConstraintsOfLeaf, authorityKeyIdentifier(issuer.keyId)];
  leafExtensions.set(issuer, made);
  return made;
}

export function certificateAuthority(
  subjectKey: Uint8Array,
  authorityKey: Uint8Array,
  pathLength: number,
): readonly Extension[] {
  return [
    keyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign),
    authorityConstraints(pathLength),
    subjectKeyIdentifier(subjectKey),
    authorityKeyIdentifier(authorityKey),
  ];
}

import 'reflect-metadata';
import { verify, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  Extension as AsnExtension,
  CertificateList,
  CRLNumber,
  RevokedCertificate,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509';
import { Extension, PemConverter } from '@peculiar/x509';
import {
  type CertifiedKey,
  ECDSA_WITH_SHA256,
  issuerOf,
  ownBuffer,
  signLowS,
  toPem,
} from './certificate.ts';
import { authorityKeyIdentifier } from './extensions.ts';
import {
  type CertifiedKeyFiles,
  organizationKeys,
  readCertifiedKey,
  readIfPresent,
  writePrivate,
} from './key-folder.ts';

const OID_CRL_NUMBER = '2.5.29.20';
const BACKDATE_MS = 60_000;
/** RFC 7468 §6; Fabric (Go's x509.ParseCRL) knows no other. */
const PEM_LABEL = 'X509 CRL';

/** A certificate that no longer counts, by its serial number (hex). */
export interface Revocation {
  readonly serialNumber: string;
  readonly revokedAt: Date;
}

function entry(revocation: Revocation): RevokedCertificate {
  return new RevokedCertificate({
    userCertificate: ownBuffer(Buffer.from(revocation.serialNumber, 'hex')),
    revocationDate: new Time(revocation.revokedAt),
  });
}

/**
 * A revocation list (PEM), as servers take it in their `crl` option.
 *
 * Its next update is the authority's own end: the list is replaced at once when a device is revoked and
 * nobody fetches it by time, so an earlier date could only lock every device out.
 */
export function createRevocationList(
  authority: CertifiedKey,
  revocations: readonly Revocation[],
): string {
  const issuer = issuerOf(authority);
  const number = AsnConvert.serialize(new CRLNumber(Date.now()));
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature: ECDSA_WITH_SHA256,
    issuer: issuer.name,
    thisUpdate: new Time(new Date(Date.now() - BACKDATE_MS)),
    nextUpdate: new Time(new Date(issuer.certificate.validTo)),
    // RFC 5280 §5.1.2.6: an empty list is left out, not written empty.
    ...(revocations.length === 0 ? {} : { revokedCertificates: revocations.map(entry) }),
    crlExtensions: [
      authorityKeyIdentifier(issuer.keyId),
      new Extension(OID_CRL_NUMBER, false, number),
    ].map(({ rawData }) => AsnConvert.parse(rawData, AsnExtension)),
  });
  const signed = new Uint8Array(AsnConvert.serialize(tbsCertList));
  const list = new CertificateList({
    tbsCertList,
    signatureAlgorithm: ECDSA_WITH_SHA256,
    signature: ownBuffer(signLowS(signed, issuer.key)),
  });
  return toPem(PEM_LABEL, AsnConvert.serialize(list));
}

interface SignedList {
  readonly revocations: Revocation[];
  readonly nextUpdate: Date | undefined;
}

function readSigned(listPem: string, authorityPem: string): SignedList {
  const list = AsnConvert.parse(PemConverter.decodeFirst(listPem), CertificateList);
  const signed = new Uint8Array(list.tbsCertListRaw ?? AsnConvert.serialize(list.tbsCertList));
  const key = new X509Certificate(authorityPem).publicKey;
  if (!verify('sha256', signed, key, new Uint8Array(list.signature))) {
    throw new TypeError('The revocation list is not signed by this authority.');
  }
  const { revokedCertificates = [], nextUpdate } = list.tbsCertList;
  return {
    revocations: revokedCertificates.map((revoked) => ({
      serialNumber: Buffer.from(revoked.userCertificate).toString('hex'),
      revokedAt: revoked.revocationDate.getTime(),
    })),
    nextUpdate: nextUpdate?.getTime(),
  };
}

/**
 * What a revocation list says, after checking who signed it.
 *
 * @throws TypeError when it is no list, or not signed by this authority.
 */
export function readRevocationList(listPem: string, authorityPem: string): Revocation[] {
  return readSigned(listPem, authorityPem).revocations;
}

/**
 * Until when a revocation list may be relied on (RFC 5280 §5.1.2.5); without such a time, never.
 *
 * @throws TypeError when it is no list, or not signed by this authority.
 */
export function revocationListEnd(listPem: string, authorityPem: string): Date {
  return readSigned(listPem, authorityPem).nextUpdate ?? new Date(0);
}

function serialOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).serialNumber.toLowerCase();
}

/**
 * Whether the list revokes this certificate.
 *
 * @throws TypeError when the list is not signed by this authority.
 */
export function isRevoked(listPem: string, authorityPem: string, certificatePem: string): boolean {
  const serial = serialOf(certificatePem);
  return readRevocationList(listPem, authorityPem).some((r) => r.serialNumber === serial);
}

/** The list with one more certificate; a certificate already in it keeps its first date. */
export function addRevocation(
  listPem: string,
  authority: CertifiedKey,
  certificatePem: string,
): string {
  const known = readRevocationList(listPem, authority.certificatePem);
  const serialNumber = serialOf(certificatePem);
  if (known.some((r) => r.serialNumber === serialNumber)) return listPem;
  return createRevocationList(authority, [...known, { serialNumber, revokedAt: new Date() }]);
}

async function revoke(
  authorityFiles: CertifiedKeyFiles,
  listFile: string,
  certificatePem: string,
): Promise<string> {
  const authority = await readCertifiedKey(authorityFiles);
  const before = await readIfPresent(listFile);
  const list = addRevocation(
    before ?? createRevocationList(authority, []),
    authority,
    certificatePem,
  );
  await writePrivate(listFile, list);
  return list;
}

/**
 * Revokes a device's certificate in its organization's list below `keysDir`.
 *
 * @returns the new list (PEM). One writer at a time.
 */
export async function revokeDevice(
  keysDir: string,
  organization: string,
  certificatePem: string,
): Promise<string> {
  const keys = organizationKeys(keysDir, organization);
  return revoke(keys.authority.device, keys.deviceRevocationListFile, certificatePem);
}

/**
 * Revokes a Fabric identity in its organization's list below `keysDir`. Peers know of it when the list has
 * become part of the organization's MSP in the channel.
 *
 * @returns the new list (PEM). One writer at a time.
 */
export async function revokeIdentity(
  keysDir: string,
  organization: string,
  certificatePem: string,
): Promise<string> {
  const keys = organizationKeys(keysDir, organization);
  return revoke(keys.authority.issuing, keys.identityRevocationListFile, certificatePem);
}

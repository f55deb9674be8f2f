import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Extension as AsnExtension,
  Name as AsnName,
  Certificate,
  Extensions,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import {
  type Extension,
  Name,
  X509Certificate as ParsedCertificate,
  PemConverter,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509';

/** A certificate and the private key that belongs to it, both PEM (the key as PKCS #8). */
export interface CertifiedKey {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A fresh P-256 key: the public half as SubjectPublicKeyInfo (DER), the private half as PEM. */
export interface FreshKey {
  readonly publicKeySpki: Uint8Array;
  readonly privateKeyPem: string;
}

export interface SubjectName {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
}

export interface Period {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** An authority ready to sign, and the names that its certificates must carry. */
export interface Issuer {
  readonly name: AsnName;
  /** Its subject key identifier, hex. */
  readonly keyId: string;
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

/** Clocks of devices and hosts differ; certificates are valid from this long before now. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Imported issuing keys kept: one for each organization's authorities and some to spare. */
const MAX_CACHED_ISSUERS = 32;
const SERIAL_BYTES = 16;

export const ECDSA_WITH_SHA256: AlgorithmIdentifier = new AlgorithmIdentifier({
  algorithm: '1.2.840.10045.4.3.2',
});
const P256_HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/** The bytes in a buffer of their own, as the ASN.1 library wants them. */
export function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

export function freshKey(): FreshKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKeySpki: publicKey, privateKeyPem: privateKey };
}

/** From a little in the past until `lifetimeMs` from now. */
export function periodFromNow(lifetimeMs: number, backdateMs: number = CLOCK_SKEW_MS): Period {
  const now = Date.now();
  return { notBefore: new Date(now - backdateMs), notAfter: new Date(now + lifetimeMs) };
}

function distinguishedName(subject: SubjectName): AsnName {
  const { commonName, organization, organizationalUnit } = subject;
  const name = new Name([
    ...(organization === undefined ? [] : [{ O: [organization] }]),
    ...(organizationalUnit === undefined ? [] : [{ OU: [organizationalUnit] }]),
    { CN: [commonName] },
  ]);
  return AsnConvert.parse(name.toArrayBuffer(), AsnName);
}

/** Positive and of fixed length, as RFC 5280 §4.1.2.2 asks: first bit 0, first byte not 0. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return ownBuffer(bytes);
}

/** RFC 5280 §4.2.1.2 (1): SHA-1 over the bits of the public key, hex. */
export function subjectKeyId(publicKeySpki: Uint8Array): string {
  const { subjectPublicKey } = AsnConvert.parse(publicKeySpki, SubjectPublicKeyInfo);
  return createHash('sha1').update(new Uint8Array(subjectPublicKey)).digest('hex');
}

/** s of an ECDSA signature in DER; P-256 signatures are short enough for one-byte lengths. */
function signatureS(der: Uint8Array): bigint {
  const s = der.subarray(6 + (der[3] ?? 0));
  return BigInt(`0x${Buffer.from(s).toString('hex')}`);
}

/**
 * Signs with the lower of the two possible S. Fabric rewrites certificates with a high S
 * (msp/cert.go, sanitizeECDSASignedCert); issued low, an identity has the same bytes everywhere.
 */
export function signLowS(data: Uint8Array, key: KeyObject): Uint8Array {
  for (;;) {
    const signature = sign('sha256', data, key);
    if (signatureS(signature) <= P256_HALF_ORDER) return signature;
  }
}

export interface CertificateRequest {
  readonly subject: SubjectName;
  readonly publicKeySpki: Uint8Array;
  readonly period: Period;
  readonly extensions: readonly Extension[];
}

/**
 * Assembled here, from the library's parts, since its generator signs through WebCrypto only: that is asynchronous,
 * three times slower at issuing a user, and cannot choose the lower S.
 */
function encode(request: CertificateRequest, issuer: AsnName, key: KeyObject): string {
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: ECDSA_WITH_SHA256,
    issuer,
    validity: new Validity(request.period),
    subject: distinguishedName(request.subject),
    subjectPublicKeyInfo: AsnConvert.parse(request.publicKeySpki, SubjectPublicKeyInfo),
    extensions: new Extensions(
      request.extensions.map(({ rawData }) => AsnConvert.parse(rawData, AsnExtension)),
    ),
  });
  const signed = new Uint8Array(AsnConvert.serialize(tbsCertificate));
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: ECDSA_WITH_SHA256,
    signatureValue: ownBuffer(signLowS(signed, key)),
  });
  return toPem(PemConverter.CertificateTag, AsnConvert.serialize(certificate));
}

/** A certificate (PEM) for the request's public key, signed by the issuer; it never outlives the issuer's own. */
export function certify(request: CertificateRequest, issuer: Issuer): string {
  const { notBefore, notAfter } = request.period;
  const last = new Date(issuer.certificate.validTo);
  const period = { notBefore, notAfter: notAfter < last ? notAfter : last };
  return encode({ ...request, period }, issuer.name, issuer.key);
}

/** The self-signed certificate of a root. */
export function certifySelf(request: CertificateRequest, privateKeyPem: string): string {
  return encode(request, distinguishedName(request.subject), createPrivateKey(privateKeyPem));
}

/** PEM with the final line end that programs expect of a file. */
export function toPem(tag: string, der: ArrayBuffer): string {
  return `${PemConverter.encode(der, tag)}\n`;
}

const issuers = new Map<string, Issuer>();

function importIssuer(authority: CertifiedKey): Issuer {
  const certificate = new X509Certificate(authority.certificatePem);
  const key = createPrivateKey(authority.privateKeyPem);
  if (!certificate.ca) throw new TypeError('The issuing certificate is not an authority.');
  if (!certificate.checkPrivateKey(key)) {
    throw new TypeError('The issuing key does not belong to the issuing certificate.');
  }
  const parsed = new ParsedCertificate(certificate.raw);
  const keyId = parsed.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  if (keyId === undefined) throw new TypeError('The issuing certificate has no key identifier.');
  return {
    name: AsnConvert.parse(parsed.subjectName.toArrayBuffer(), AsnName),
    keyId,
    key,
    certificate,
  };
}

/**
 * The authority ready to sign. Importing a key costs more than signing with it, and a Lambda issues
 * a certificate for every login, so imported authorities are kept.
 *
 * @throws TypeError when the certificate is not a CA's, or the key is not that certificate's.
 */
export function issuerOf(authority: CertifiedKey): Issuer {
  const id = `${authority.certificatePem}\0${authority.privateKeyPem}`;
  const known = issuers.get(id);
  if (known !== undefined) return known;
  const issuer = importIssuer(authority);
  const oldest = issuers.keys().next();
  if (issuers.size >= MAX_CACHED_ISSUERS && oldest.done !== true) issuers.delete(oldest.value);
  issuers.set(id, issuer);
  return issuer;
}

/** Hex SHA-256 of the certificate's DER: AWS IoT's certificate ID and so a rule's `principal()`. */
export function certificateFingerprint(certificatePem: string): string {
  return createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');
}

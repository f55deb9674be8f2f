import 'reflect-metadata';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import { PemConverter } from '@peculiar/x509';
import { type CertifiedKey, certify, issuerOf, periodFromNow } from './certificate.ts';
import { clientOnly, endEntity } from './extensions.ts';

const DEVICE_LIFETIME_MS: number = 2 * 365 * 86_400_000;
const DEVICE_ID = /^[0-9a-f]{32}$/;

/** The device's own public key, or a signing request (PEM) that proves it has the private half. */
export type DeviceKey =
  | { readonly publicKeySpki: Uint8Array }
  | { readonly certificateRequestPem: string };

export interface DeviceCertificateOptions {
  /** The organization's device CA. */
  readonly issuer: CertifiedKey;
  /** 32 lower-case hex digits; becomes the common name = MQTT client id = thing name. */
  readonly deviceId: string;
  readonly key: DeviceKey;
  /** When the certificate ends, for a device on loan; two years from now when left out. */
  readonly until?: Date;
}

function publicKey(spki: Uint8Array): KeyObject {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new TypeError('A device key is a P-256 key.');
  }
  return key;
}

/**
 * The key of a PKCS #10 request, whose signature shows that the sender has the private half.
 *
 * @throws TypeError for a key that is not P-256 or a wrong signature; other errors for bytes that are no request at all.
 */
export function requestedKey(pem: string): KeyObject {
  const request = AsnConvert.parse(PemConverter.decodeFirst(pem), CertificationRequest);
  const { certificationRequestInfo: info, certificationRequestInfoRaw: raw } = request;
  const key = publicKey(new Uint8Array(AsnConvert.serialize(info.subjectPKInfo)));
  const signed = new Uint8Array(raw ?? AsnConvert.serialize(info));
  if (!verify('sha256', signed, key, new Uint8Array(request.signature))) {
    throw new TypeError('The certificate request is not signed by the key it names.');
  }
  return key;
}

/**
 * A client certificate for a device's MQTT connection. The private key never leaves the device.
 *
 * @returns the certificate as PEM.
 * @throws RangeError for a malformed device id or too late an end; TypeError for a key that is not P-256 or a request
 *   whose signature is wrong; other errors for bytes that are no key or request at all.
 */
export function issueDevice(options: DeviceCertificateOptions): string {
  const { deviceId, key } = options;
  if (!DEVICE_ID.test(deviceId)) throw new RangeError('A device id is 32 lower-case hex digits.');
  const issuer = issuerOf(options.issuer);
  const period = periodFromNow(DEVICE_LIFETIME_MS);
  if (options.until !== undefined && options.until > period.notAfter) {
    throw new RangeError('A device certificate lasts two years at most.');
  }
  const requested =
    'publicKeySpki' in key ? publicKey(key.publicKeySpki) : requestedKey(key.certificateRequestPem);
  return certify(
    {
      subject: { commonName: deviceId },
      publicKeySpki: requested.export({ format: 'der', type: 'spki' }),
      period: { ...period, notAfter: options.until ?? period.notAfter },
      extensions: [...endEntity(issuer), clientOnly()],
    },
    issuer,
  );
}

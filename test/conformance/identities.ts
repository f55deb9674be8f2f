import { organizationKeys, readAuthority, readCertifiedKey } from '@pulseledger/network/identity';
import {
  type CertifiedKey,
  certify,
  freshKey,
  issuerOf,
} from '../../network/identity/src/certificate.ts';
import { endEntity } from '../../network/identity/src/extensions.ts';

/** A certificate as an organization's own functions would not issue it. */
export interface OddCertificate {
  /** Organizational unit; '' for none. Default: client. */
  readonly unit?: string;
  readonly authority?: 'issuing' | 'root' | 'tls' | 'device';
  /** Milliseconds from now. Default: a minute ago to an hour from now. */
  readonly from?: number;
  readonly until?: number;
}

const MINUTE_MS = 60_000;

/** Issues a certificate by one of an organization's authorities. */
export async function issue(
  keysDir: string,
  organization: string,
  odd: OddCertificate = {},
): Promise<CertifiedKey> {
  const { unit = 'client', authority = 'issuing' } = odd;
  const issuer = issuerOf(await readAuthority(keysDir, organization, authority));
  const { publicKeySpki, privateKeyPem } = freshKey();
  const subject = {
    commonName: 'somebody',
    ...(unit === '' ? {} : { organizationalUnit: unit }),
  };
  const period = {
    notBefore: new Date(Date.now() + (odd.from ?? -MINUTE_MS)),
    notAfter: new Date(Date.now() + (odd.until ?? 60 * MINUTE_MS)),
  };
  const request = { subject, publicKeySpki, period, extensions: endEntity(issuer) };
  return { certificatePem: certify(request, issuer), privateKeyPem };
}

/** The identity of an organization's node or administrator. */
export async function existing(
  keysDir: string,
  organization: string,
  who: 'administrator' | 'peer' | 'orderer',
): Promise<CertifiedKey> {
  const keys = organizationKeys(keysDir, organization);
  const files = {
    administrator: keys.administrator.identity,
    peer: keys.peer('peer0').identity,
    orderer: keys.orderer('orderer0').identity,
  }[who];
  return readCertifiedKey(files);
}

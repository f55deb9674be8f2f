import { randomBytes } from 'node:crypto';
import { type CertifiedKey, certify, freshKey, issuerOf, periodFromNow } from './certificate.ts';
import { endEntity, fabricAttributes } from './extensions.ts';

/** A user's certificate is for one log-in; it is never stored and never renewed. */
export const MAX_USER_MINUTES = 15;
const PSEUDONYM_BYTES = 16;
const MINUTE_MS = 60_000;

export interface UserCertificateOptions {
  /** The organization's issuing CA. */
  readonly issuer: CertifiedKey;
  readonly role: string;
  /** Salted commitment to the user's id (hex); the contract opens it with transient data. */
  readonly subjectCommitment: string;
  /** Minutes until it expires, more than 0, at most {@link MAX_USER_MINUTES}. */
  readonly minutes: number;
}

/**
 * A short-lived identity for a user, with a fresh key and a random name: creator certificates are readable by
 * everybody on the channel, so nothing in one may lead to the person.
 *
 * @throws RangeError when `minutes` is out of range.
 */
export function issueUser(options: UserCertificateOptions): CertifiedKey {
  const { minutes, role, subjectCommitment } = options;
  if (!(minutes > 0 && minutes <= MAX_USER_MINUTES)) {
    throw new RangeError(`A user certificate lives at most ${MAX_USER_MINUTES} minutes.`);
  }
  const issuer = issuerOf(options.issuer);
  const { publicKeySpki, privateKeyPem } = freshKey();
  const certificatePem = certify(
    {
      subject: {
        commonName: randomBytes(PSEUDONYM_BYTES).toString('hex'),
        organizationalUnit: 'client',
      },
      publicKeySpki,
      period: periodFromNow(minutes * MINUTE_MS),
      extensions: [...endEntity(issuer), fabricAttributes({ role, subject: subjectCommitment })],
    },
    issuer,
  );
  return { certificatePem, privateKeyPem };
}

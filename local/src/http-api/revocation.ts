import { X509Certificate } from 'node:crypto';
import { type Organization, PulseError } from '@pulseledger/domain';
import type { RecordClient, UserClaims } from '@pulseledger/ledger';
import type { CertifiedKey } from '@pulseledger/network/identity';
import { z } from 'zod';
import { Slots } from './slots.ts';

/** The list of an organization has one writer. */
const MAX_RUNNING = 1;
const MAX_WAITING = 1_000;

export interface RevocationRequest {
  /** The device's certificate, as the enrolment gave it. */
  readonly certificatePem: string;
}

export const RevocationRequest: z.ZodType<RevocationRequest> = z.strictObject({
  certificatePem: z.string().startsWith('-----BEGIN CERTIFICATE-----').max(16_384),
});

export interface RevocationOptions {
  /** The ledger as this administrator sees it. */
  readonly openRecord: (claims: UserClaims) => Pick<RecordClient, 'revokeDevice'>;
  readonly deviceAuthority: (organization: Organization) => Promise<CertifiedKey>;
  /** Puts a certificate on the organization's revocation list, which brokers read. */
  readonly list: (organization: Organization, certificatePem: string) => Promise<void>;
  readonly now?: () => number;
}

/**
 * Takes a device out of service: no broker lets its certificate in any more, and the ledger records
 * nothing of it that is not there yet. On AWS the first is UpdateCertificate with the status REVOKED.
 */
export class Revocations {
  readonly #options: RevocationOptions;
  readonly #slots = new Slots({ running: MAX_RUNNING, waiting: MAX_WAITING });

  constructor(options: RevocationOptions) {
    this.#options = options;
  }

  /**
   * Repeating it is harmless.
   *
   * @throws PulseError `invalid_input` when the certificate is not this device's by this
   *   organization's authority, the ledger's refusal, or `throttled`
   */
  revoke(claims: UserClaims, deviceId: string, request: RevocationRequest): Promise<void> {
    return this.#slots.run(() => this.#revoke(claims, deviceId, request));
  }

  async #revoke(
    claims: UserClaims,
    deviceId: string,
    { certificatePem }: RevocationRequest,
  ): Promise<void> {
    const authority = await this.#options.deviceAuthority(claims.organization);
    if (!isOf(certificatePem, deviceId, authority)) {
      throw new PulseError('invalid_input', 'The certificate is not one of this device.');
    }
    // The door first: it needs no consensus, and the key may be in the wrong hands now.
    await this.#options.list(claims.organization, certificatePem);
    const sinceMs = (this.#options.now ?? Date.now)();
    await this.#options.openRecord(claims).revokeDevice({ deviceId, sinceMs });
  }
}

function isOf(certificatePem: string, deviceId: string, authority: CertifiedKey): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    const issuer = new X509Certificate(authority.certificatePem);
    return certificate.subject === `CN=${deviceId}` && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

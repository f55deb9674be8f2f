import type { SubjectOpening } from '@pulseledger/domain';
import { createSigningKey } from './signer.ts';
import { SigningQueue } from './signing-queue.ts';

/** A certificate of one organization with its private key, as text: what a secret holds. */
export interface CertifiedKey {
  readonly mspId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** For a person: opens the commitment in the certificate. Services have none. */
  readonly subject?: SubjectOpening;
}

/** Somebody who signs on the ledger. The private key is inside the queue and cannot be read out. */
export interface Signatory {
  readonly mspId: string;
  readonly certificatePem: string;
  readonly signing: SigningQueue;
  /** Goes along with everything the person signs, as transient data. */
  readonly subject: SubjectOpening | undefined;
}

/** Where a caller's signatory comes from, and what to do when the ledger does not take it. */
export interface SignatorySource {
  /** Who signs now. */
  current(): Promise<Signatory>;
  /**
   * Called when the ledger refused the identity itself (expired, unknown issuer, rotated away).
   * @returns another signatory worth one more try, or nothing.
   */
  afterRefusal(refused: Signatory): Promise<Signatory | undefined>;
}

/**
 * A signatory from a certificate and its key.
 * @throws TypeError when the key is not a P-256 key in PKCS #8 PEM.
 */
export function createSignatory(certified: CertifiedKey): Signatory {
  return {
    mspId: certified.mspId,
    certificatePem: certified.certificatePem,
    signing: new SigningQueue(createSigningKey(certified.privateKeyPem)),
    subject: certified.subject,
  };
}

/** A source that always gives the same signatory, for example an administrator who sets a network up. */
export function fixedSignatory(signatory: Signatory): SignatorySource {
  return {
    current: () => Promise.resolve(signatory),
    afterRefusal: () => Promise.resolve(undefined),
  };
}

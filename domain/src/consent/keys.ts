import type { RecordClass } from '../access/vocabulary.ts';
import type { RecordKey } from '../record/keys.ts';

/** Private collection of hospital, clinic and insurer: only what a live consent shares. */
export const EXTRACT_COLLECTION = 'extract';

const COUNTER_DIGITS = 10;

/**
 * Keys of consents. Every key that a submitted function reads is its own: a key that two transactions
 * read, public as hash, would tell the insurer that they are about the same patient.
 */
export const CONSENT_KEYS: {
  /** Providers: what the patient agreed to, with the evidence. */
  readonly consent: (patientId: string, consentId: string) => RecordKey;
  /** Providers. */
  readonly passkey: (subjectId: string, passkeyId: string) => RecordKey;
  /** Providers: one use of a passkey, so that no use rewrites the passkey's own document. */
  readonly use: (
    subjectId: string,
    passkeyId: string,
    use: { readonly counter: number; readonly useId: string },
  ) => RecordKey;
  /** Providers: that an administrator has seen a person who will register a passkey. */
  readonly invitation: (invitationId: string) => RecordKey;
  /** Extract: a live consent as the insurer sees it. */
  readonly share: (shareId: string) => RecordKey;
  /** Extract: the copy of a record. */
  readonly shared: (shareId: string, recordClass: RecordClass, alias: string) => RecordKey;
  /** Public: where passkeys may be used, as one organization says. */
  readonly relyingParty: (mspId: string) => RecordKey;
} = {
  consent: (patientId, consentId) => ({
    objectType: 'consent',
    attributes: [patientId, consentId],
  }),
  passkey: (subjectId, passkeyId) => ({
    objectType: 'passkey',
    attributes: [subjectId, passkeyId],
  }),
  // A counter can be used once; passkeys without one are told apart by what they were used for.
  use: (subjectId, passkeyId, { counter, useId }) => ({
    objectType: 'passkey-use',
    attributes: [
      subjectId,
      passkeyId,
      counter === 0 ? useId : String(counter).padStart(COUNTER_DIGITS, '0'),
    ],
  }),
  invitation: (invitationId) => ({ objectType: 'invitation', attributes: [invitationId] }),
  share: (shareId) => ({ objectType: 'share', attributes: [shareId] }),
  shared: (shareId, recordClass, alias) => ({
    objectType: 'shared',
    attributes: [shareId, recordClass, alias],
  }),
  relyingParty: (mspId) => ({ objectType: 'relying-party', attributes: [mspId] }),
};

import type { RecordKey } from '../record/keys.ts';

/**
 * Keys of the access contracts. All but the attesters' are private; what a submitted function reads
 * of them is random or its own, because a key that two transactions read, public as hash, would tell
 * an outsider that they are about the same patient.
 */
export const ACCESS_KEYS: {
  /** Public: {@link AttesterDocument}. */
  readonly attester: (mspId: string) => RecordKey;
  /** The organization's own collection: {@link AttesterSecret}. */
  readonly attesterSecret: (keyId: string) => RecordKey;
  /** `providers` of a patient, `extract` of a share: {@link AccessEntryDocument}. */
  readonly access: (ownerId: string, permitId: string) => RecordKey;
  readonly representative: (patientId: string, representativeId: string) => RecordKey;
  readonly link: (patientId: string, linkId: string) => RecordKey;
  readonly emergencyChoice: (patientId: string) => RecordKey;
  readonly wristband: (tokenDigestHex: string) => RecordKey;
  /** By the medic's organization. */
  readonly emergencyNotice: (mspId: string, permitId: string) => RecordKey;
} = {
  attester: (mspId) => ({ objectType: 'attester', attributes: [mspId] }),
  attesterSecret: (keyId) => ({ objectType: 'attester-secret', attributes: [keyId] }),
  access: (ownerId, permitId) => ({ objectType: 'access', attributes: [ownerId, permitId] }),
  representative: (patientId, representativeId) => ({
    objectType: 'representative',
    attributes: [patientId, representativeId],
  }),
  link: (patientId, linkId) => ({ objectType: 'link', attributes: [patientId, linkId] }),
  emergencyChoice: (patientId) => ({ objectType: 'emergency-choice', attributes: [patientId] }),
  wristband: (tokenDigestHex) => ({ objectType: 'wristband', attributes: [tokenDigestHex] }),
  emergencyNotice: (mspId, permitId) => ({
    objectType: 'emergency-notice',
    attributes: [mspId, permitId],
  }),
};

/** Private collection that an organization has for itself, without being defined. */
export function implicitCollection(mspId: string): string {
  return `_implicit_org_${mspId}`;
}

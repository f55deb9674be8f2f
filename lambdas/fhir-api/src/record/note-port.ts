/** What a caller needs to write and read sealed psychotherapy notes; all throw PulseError. */
import type { KeyObject } from 'node:crypto';
import { type AuthorGroupView, PulseError } from '@pulseledger/domain';
import type { ClinicalClient } from '@pulseledger/ledger';
import type { Caller } from '../smart/token.ts';
import type { NoteKeys } from './note-keys.ts';

export interface NotePort {
  /** Groups of authors in which the caller may write about this patient. @throws PulseError `access_denied` */
  authorGroups(patientId: string): Promise<readonly string[]>;
  /** The key to which a group's notes are sealed, for its members. @throws PulseError `not_found` */
  readAuthorGroup(groupId: string): Promise<AuthorGroupView>;
  /** The private half of one of a group's keys. @throws PulseError `not_found`, `unavailable` */
  privateKey(groupId: string, keyId: string): Promise<KeyObject>;
}

/**
 * Groups from the ledger, keys from the secret store of the caller's own organization. The ledger says who belongs to a
 * group, each time before a key is used.
 */
export function ledgerNotes(
  client: Pick<ClinicalClient, 'authorGroups' | 'readAuthorGroup'>,
  keys: NoteKeys,
  { organization, role }: Caller,
): NotePort {
  return {
    authorGroups: (patientId) => client.authorGroups(patientId),
    readAuthorGroup: (groupId) => client.readAuthorGroup(groupId),
    privateKey: (groupId, keyId) => {
      if (role !== 'doctor') return Promise.reject(new PulseError('access_denied'));
      return keys(organization, groupId, keyId);
    },
  };
}

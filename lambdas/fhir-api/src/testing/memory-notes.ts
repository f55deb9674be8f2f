/** Groups of authors and their keys in memory. */
import { randomBytes } from 'node:crypto';
import { type AuthorGroupView, PulseError } from '@pulseledger/domain';
import { newNoteKey, noteKeyFromPem } from '@pulseledger/ledger';
import type { NotePort } from '../record/note-port.ts';
import type { Caller } from '../smart/token.ts';
import type { MemoryClinical } from './memory-clinical.ts';
import type { MemoryRecord } from './memory-record.ts';

interface Group extends AuthorGroupView {
  readonly privateKeyPem: string;
}

export class MemoryNotes {
  readonly #people: MemoryRecord;
  readonly #clinical: MemoryClinical;
  readonly #groups = new Map<string, Group>();

  constructor(people: MemoryRecord, clinical: MemoryClinical) {
    this.#people = people;
    this.#clinical = clinical;
  }

  /** A new group of these doctors; its id. */
  addGroup(...authors: readonly Caller[]): string {
    const groupId = randomBytes(16).toString('hex');
    const keyId = randomBytes(16).toString('hex');
    this.#groups.set(groupId, { groupId, keyId, mspId: 'HospitalMSP', ...newNoteKey() });
    for (const { subjectId } of authors) {
      const others = this.#clinical.authorGroups.get(subjectId) ?? [];
      this.#clinical.authorGroups.set(subjectId, [...others, groupId]);
    }
    return groupId;
  }

  as(caller: Caller): NotePort {
    const own = this.#clinical.authorGroups.get(caller.subjectId) ?? [];
    const groupOf = (groupId: string): Group => {
      const group = this.#groups.get(groupId);
      if (group === undefined || !own.includes(groupId)) throw new PulseError('not_found');
      return group;
    };
    return {
      authorGroups: async (patientId) => {
        const isAuthor = caller.role === 'doctor' && own.length > 0;
        if (isAuthor && this.#people.treats(patientId, caller)) return Promise.resolve(own);
        throw new PulseError('access_denied');
      },
      readAuthorGroup: async (groupId) => Promise.resolve(groupOf(groupId)),
      privateKey: async (groupId) =>
        Promise.resolve(noteKeyFromPem(groupOf(groupId).privateKeyPem)),
    };
  }
}

/** Groups of authors of psychotherapy notes, with their keys as the secret store holds them. */
import { randomBytes } from 'node:crypto';
import type { Organization } from '@pulseledger/domain';
import { ClinicalClient, newNoteKey, type RecordClient } from '@pulseledger/ledger';
import { type NoteKeys, noteKeys } from '../../lambdas/fhir-api/src/record/note-keys.ts';

const ID_BYTES = 16;
const PREFIX = 'story';

function randomId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

export class NoteGroups {
  readonly #secrets = new Map<string, string>();
  readonly keys: NoteKeys;

  constructor() {
    const send = ({ input }: { input: { SecretId?: string } }) =>
      Promise.resolve({ SecretString: this.#secrets.get(input.SecretId ?? ''), $metadata: {} });
    this.keys = noteKeys({ send: send as Parameters<typeof noteKeys>[0]['send'] }, PREFIX);
  }

  /** Makes a group of these doctors, as an organization's administrator does; its id. */
  async add(
    organization: Organization,
    administrator: RecordClient,
    authors: readonly string[],
  ): Promise<string> {
    const [groupId, keyId] = [randomId(), randomId()];
    const { publicKey, privateKeyPem } = newNoteKey();
    const name = `${PREFIX}/note-keys/${organization}/${groupId}`;
    this.#secrets.set(name, JSON.stringify({ [keyId]: privateKeyPem }));
    await new ClinicalClient(administrator.calls).setAuthorGroup({
      ...{ groupId, keyId, publicKey, add: authors, remove: [], saltHex: randomId() },
    });
    return groupId;
  }
}

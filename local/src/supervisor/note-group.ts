import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Identifier } from '@pulseledger/domain';
import { newNoteKey } from '@pulseledger/ledger';
import { writePrivate } from '@pulseledger/network/identity';
import { z } from 'zod';

const ID_BYTES = 16;

/** A provider's authors of psychotherapy notes, and the key to which their notes are sealed. */
export interface NoteGroup {
  readonly groupId: string;
  readonly keyId: string;
  readonly publicKey: string;
  /** Goes to the secret store; the ledger has the public half. */
  readonly privateKeyPem: string;
}
const NoteGroup: z.ZodType<NoteGroup> = z.object({
  groupId: Identifier,
  keyId: Identifier,
  publicKey: z.string(),
  privateKeyPem: z.string(),
});

/** Made at the first start and kept with the installation's keys: without it the notes stay sealed. */
export async function noteGroup(keys: string, organization: string): Promise<NoteGroup> {
  const file = join(keys, organization, 'notes.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return NoteGroup.parse(JSON.parse(text));
  const made = { groupId: randomId(), keyId: randomId(), ...newNoteKey() };
  await writePrivate(file, JSON.stringify(made));
  return made;
}

function randomId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { MAX_NOTE_LENGTH, SealedNote } from '@pulseledger/domain';
import fc from 'fast-check';
import { newNoteKey, noteKeyFromPem, openNote, sealNote } from './sealed-note.ts';

const id = (): string => randomBytes(16).toString('hex');
const key = newNoteKey();
const recipient = { groupId: id(), keyId: id(), publicKey: key.publicKey };
const place = { patientId: id(), recordId: id() };
const privateKey = noteKeyFromPem(key.privateKeyPem);

describe('a sealed psychotherapy note', () => {
  it('is what the ledger takes, and opens to the same text', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(text, (words) => {
        const sealed = sealNote({ text: words }, recipient, place);
        expect(SealedNote.parse(sealed)).toEqual(sealed);
        expect(openNote(sealed, privateKey, place)).toEqual({ text: words });
      }),
      { numRuns: 30 },
    );
  });

  it('shows nothing of the text, and is never the same twice', () => {
    const text = 'The patient dreams of Überlingen.';
    const [one, two] = [0, 1].map(() => JSON.stringify(sealNote({ text }, recipient, place)));
    expect(one).not.toEqual(two);
    for (const form of [text, Buffer.from(text).toString('base64').slice(4, 30)]) {
      expect(one).not.toContain(form);
    }
  });

  it('opens for no other key, no other record and not when it was changed', () => {
    const sealed = sealNote({ text: 'What was said.' }, recipient, place);
    const other = noteKeyFromPem(newNoteKey().privateKeyPem);
    const first = sealed.data.startsWith('A') ? 'B' : 'A';
    const wrong = [
      () => openNote(sealed, other, place),
      () => openNote(sealed, privateKey, { ...place, recordId: id() }),
      () => openNote(sealed, privateKey, { ...place, patientId: id() }),
      () => openNote({ ...sealed, groupId: id() }, privateKey, place),
      () => openNote({ ...sealed, data: first + sealed.data.slice(1) }, privateKey, place),
      () =>
        openNote(
          { ...sealed, ephemeralKey: Buffer.alloc(32).toString('base64') },
          privateKey,
          place,
        ),
    ];
    for (const attempt of wrong) expect(attempt).toThrow('cannot be opened');
  });

  it('is a text alone, of bounded length', () => {
    const more = { text: 'x', medication: 'y' };
    for (const note of [more, { text: '' }, { text: 'x'.repeat(MAX_NOTE_LENGTH + 1) }]) {
      expect(() => sealNote(note, recipient, place)).toThrow('a text alone');
    }
  });
});

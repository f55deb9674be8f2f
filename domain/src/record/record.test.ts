import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joinChunks, splitChunks } from './chunk-list.ts';
import { livePseudonym, subjectCommitment } from './subject.ts';
import { RegisterPatientInput } from './submit.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const ID = 'a'.repeat(32);
const SALT = '0f'.repeat(16);

describe('a list of chunks', () => {
  it('comes apart as it was put together', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 50 }), (chunks) => {
        expect(splitChunks(joinChunks(chunks))).toEqual(chunks);
      }),
    );
  });

  it('is refused when it is cut off, too long, or lies about a length', () => {
    const joined = joinChunks([new Uint8Array(10)]);
    const refused: [Uint8Array, string][] = [
      [joined.subarray(0, 9), 'invalid_input'],
      [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1), 'invalid_input'],
      [Uint8Array.of(0, 0), 'invalid_input'],
      [joinChunks(Array.from({ length: 201 }, () => new Uint8Array(1))), 'too_costly'],
      [new Uint8Array(2 * 1024 * 1024), 'too_costly'],
    ];
    for (const [bytes, code] of refused) {
      expect(() => splitChunks(bytes)).toThrow(expect.objectContaining({ code }));
    }
  });
});

describe('a subject', () => {
  it('is committed to with its salt, apart from the live pseudonym', () => {
    const byHand = createHash('sha256')
      .update('pulseledger/subject/1')
      .update(Buffer.from(SALT, 'hex'))
      .update(ID)
      .digest('hex');
    expect(subjectCommitment(ID, SALT, sha256)).toBe(byHand);
    expect(subjectCommitment(ID, '1f'.repeat(16), sha256)).not.toBe(byHand);
    expect(livePseudonym(ID, SALT, sha256)).toMatch(/^[0-9a-f]{32}$/);
    expect(byHand).not.toContain(livePseudonym(ID, SALT, sha256));
  });
});

describe('contract inputs', () => {
  const patient = {
    patientId: ID,
    basics: { family: 'Mejía', given: ['Gustavo'], birthDate: '1980-02', gender: 'male' },
    saltHex: SALT,
  };

  it('accept what they describe and nothing more', () => {
    expect(RegisterPatientInput.safeParse(patient).success).toBe(true);
    for (const wrong of [
      { ...patient, more: 1 },
      { ...patient, patientId: ID.toUpperCase() },
      { ...patient, basics: { ...patient.basics, birthDate: '1980-13' } },
      { ...patient, saltHex: '' },
      null,
    ]) {
      expect(RegisterPatientInput.safeParse(wrong).success).toBe(false);
    }
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formsOf, found } from './forms.ts';
import { digestsOfGuesses, guessesIn } from './guesses.ts';

const secret = 'Zdenka Überbein-Kánáry';

describe('the forms a secret is looked for in', () => {
  it('finds it as text, UTF-16, hex and as hash in any encoding', () => {
    const digest = createHash('sha256').update(secret).digest();
    for (const planted of [
      Buffer.from(secret),
      Buffer.from(secret, 'utf16le'),
      Buffer.from(Buffer.from(secret).toString('hex')),
      digest,
      Buffer.from(digest.toString('hex')),
      Buffer.from(digest.toString('base64')),
    ]) {
      const content = Buffer.concat([Buffer.from('before'), planted, Buffer.from('after')]);
      expect(found(content, formsOf(secret))).not.toEqual([]);
    }
  });

  it('finds it in base64 wherever it starts and whatever surrounds it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }),
        (before, after) => {
          const bytes = Buffer.concat([before, Buffer.from(secret), after]);
          return (['base64', 'base64url'] as const).every(
            (encoding) => found(Buffer.from(bytes.toString(encoding)), formsOf(secret)).length > 0,
          );
        },
      ),
    );
  });

  it('finds the raw bytes of an identifier written in hex', () => {
    const id = '00112233445566778899aabbccddeeff';
    expect(found(Buffer.from(id, 'hex'), formsOf(id))).toEqual(['bytes']);
  });

  it('finds the unsalted hash of a guessed value, however it was spelt and written', () => {
    const double = Buffer.alloc(8);
    double.writeDoubleBE(72);
    const digests = digestsOfGuesses();
    const digest = createHash('sha256').update(double).digest();
    for (const written of [digest, digest.toString('hex'), digest.toString('base64url')]) {
      const content = Buffer.concat([Buffer.from('x,'), Buffer.from(written), Buffer.from(',y')]);
      expect(guessesIn(content, digests)).toEqual(['72 as double']);
    }
    expect(guessesIn(createHash('sha256').update('301').digest(), digests)).toEqual([]);
  });

  it('finds nothing where there is nothing', () => {
    expect(found(Buffer.from('an innocent text about nobody'), formsOf(secret))).toEqual([]);
  });
});

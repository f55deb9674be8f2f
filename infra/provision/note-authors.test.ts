import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { collectAuthorFile, readAuthorChanges } from './note-authors.ts';

const [ONE, OTHER] = ['0a'.repeat(16), '0b'.repeat(16)];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'authors-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(text: string): string {
  const name = join(folder, 'authors.txt');
  writeFileSync(name, text);
  return name;
}

describe('a file of changes of authors', () => {
  test('names who joins and who leaves, each once', async () => {
    const name = file(`add ${ONE}\n\n  remove ${OTHER}\nadd ${ONE}\n`);
    expect(await readAuthorChanges(name)).toEqual({ add: [ONE], remove: [OTHER] });
  });

  test.each([
    ['another word', `invite ${ONE}`, 'line 1'],
    ['what is no id', `add ${ONE}\nadd Dr Example`, 'line 2'],
    ['the same person twice', `add ${ONE}\nremove ${ONE}`, 'adds and removes the same person'],
  ])('with %s is refused, and nobody is named', async (_, text, message) => {
    const failed = readAuthorChanges(file(text));
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow(/Example|0a0a/);
  });

  test('with more people than a transaction takes is refused', async () => {
    const lines = Array.from({ length: 51 }, (_, n) => `add ${n.toString(16).padStart(32, '0')}`);
    await expect(readAuthorChanges(file(lines.join('\n')))).rejects.toThrow('more than 50');
  });

  test('that is not there is said so', async () => {
    await expect(readAuthorChanges(join(folder, 'none'))).rejects.toThrow('cannot be read');
  });
});

test('a file belongs to an organization', () => {
  const first = collectAuthorFile('clinic=a.txt');
  expect(collectAuthorFile('hospital=b=c.txt', first)).toEqual({
    clinic: 'a.txt',
    hospital: 'b=c.txt',
  });
  expect(() => collectAuthorFile('a.txt')).toThrow('an organization and a file');
});

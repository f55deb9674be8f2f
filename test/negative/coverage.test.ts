import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CHECKOUT } from '../integration/start.ts';
import { ELSEWHERE, IDS, ONLY_ELSEWHERE } from './coverage.ts';

/** The beginning of a test's title: one id or several, then words. */
const TITLE = /\b(?:it|test)(?:\.each\b[\s\S]{0,2000}?)?\(\s*(['"`])((?:[DIFOP]\d{1,2} )+)\S/g;

async function idsIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(CHECKOUT, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  const ids = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const text = await readFile(join(parentPath, name), 'utf8');
      return [...text.matchAll(TITLE)].flatMap(([, , found = '']) => found.trim().split(' '));
    }),
  );
  return ids.flat();
}

describe('the negative tests', () => {
  it('exist for every id that is asked for', async () => {
    const folders = ['test/negative', 'test/canary', 'test/clinical'];
    const found = new Set((await Promise.all(folders.map(idsIn))).flat());
    const here = IDS.filter((id) => !ONLY_ELSEWHERE.includes(id));
    expect(here.filter((id) => !found.has(id))).toEqual([]);
    for (const id of ONLY_ELSEWHERE) expect(ELSEWHERE).toHaveProperty(id);
  });

  it('that stand elsewhere are still there', async () => {
    for (const [id, places] of Object.entries(ELSEWHERE)) {
      for (const { file, titles } of places) {
        const text = await readFile(join(CHECKOUT, file), 'utf8');
        const missing = titles.filter((title) => !text.includes(`'${title}'`));
        expect([id, file, missing]).toEqual([id, file, []]);
      }
    }
  });
});

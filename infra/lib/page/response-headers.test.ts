import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { PAGE_FILES } from './response-headers.ts';

const Headers = z.record(z.string(), z.string());
const PAGE = join(PAGE_FILES, '..');
/** The page of `npm start -- --story`, which shows sessions in frames of its own origin. */
const STORY = join(PAGE, '..', 'story');

function headersOf(folder: string): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(readFileSync(join(folder, 'headers.json'), 'utf8'));
  return Headers.parse(parsed);
}

describe('what is deployed as the page', () => {
  test('lets nobody put it into a frame, while the story beside it has headers of its own', () => {
    expect(headersOf(PAGE)['x-frame-options']).toBe('DENY');
    expect(headersOf(PAGE)['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headersOf(STORY)['x-frame-options']).toBe('SAMEORIGIN');
  });

  test('has no file of the story', () => {
    expect(existsSync(join(STORY, 'public', 'story', 'index.html'))).toBe(true);
    expect(existsSync(join(PAGE_FILES, 'story'))).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Progress } from './progress.ts';

function painted(isTTY: boolean): {
  progress: Progress;
  lines: string[];
  wait: (ms: number) => void;
} {
  const lines: string[] = [];
  let nowMs = 0;
  const output = { isTTY, write: (text: string) => lines.push(text) };
  const progress = new Progress(1_200, 'entries', output, () => nowMs);
  return { progress, lines, wait: (ms) => (nowMs += ms) };
}

describe('progress', () => {
  it('tells rate and time left, off a terminal in whole lines and seldom', () => {
    const { progress, lines, wait } = painted(false);
    wait(1_000);
    progress.update(10);
    wait(4_000);
    progress.update(50);
    progress.end();
    expect(lines).toEqual(['50 of 1,200 entries, 10.0 a second, 1 min 55 s left\n']);
  });

  it('paints one line over on a terminal, and takes it away', () => {
    const { progress, lines, wait } = painted(true);
    wait(1_000);
    progress.update(600);
    progress.end();
    expect(lines).toEqual([
      '\r\u001b[2K600 of 1,200 entries, 600.0 a second, 1 s left',
      '\r\u001b[2K',
    ]);
  });

  it('promises no time while nothing is done', () => {
    const { progress, lines, wait } = painted(false);
    wait(6_000);
    progress.update(0);
    expect(lines).toEqual(['0 of 1,200 entries\n']);
  });
});

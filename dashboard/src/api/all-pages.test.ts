import { describe, expect, it } from '@jest/globals';
import { allPages } from './all-pages.ts';

interface Answer {
  readonly lines: readonly number[];
  readonly bookmark?: string;
}

/** Answers in this order, and the paths that were asked for. */
function server(...answers: readonly Answer[]) {
  const left = [...answers];
  const asked: string[] = [];
  const ask = (path: string): Promise<Answer> => {
    asked.push(path);
    const answer = left.shift();
    return answer === undefined
      ? Promise.reject(new Error('one too many'))
      : Promise.resolve(answer);
  };
  return { asked, ask };
}

const linesOf = ({ lines }: Answer): readonly number[] => lines;

describe('a list of many pages', () => {
  it('is asked for until a page has no bookmark, also past an empty page', async () => {
    const { asked, ask } = server(
      { lines: [1, 2], bookmark: 'a&b' },
      { lines: [], bookmark: 'c' },
      { lines: [3] },
    );
    expect(await allPages('patients', ask, linesOf)).toEqual([1, 2, 3]);
    expect(asked).toEqual(['patients', 'patients?bookmark=a%26b', 'patients?bookmark=c']);
  });

  it('keeps the question’s own query', async () => {
    const { asked, ask } = server({ lines: [], bookmark: 'x' }, { lines: [] });
    expect(await allPages('directory?name=nun', ask, linesOf)).toEqual([]);
    expect(asked).toEqual(['directory?name=nun', 'directory?name=nun&bookmark=x']);
  });

  it('has an end, however many pages there are', async () => {
    const { asked, ask } = server({ lines: [1], bookmark: 'x' }, { lines: [2], bookmark: 'y' });
    expect(await allPages('orders', ask, linesOf, 2)).toEqual([1, 2]);
    expect(asked).toHaveLength(2);
  });

  it('fails as a whole when one page does', async () => {
    const { ask } = server({ lines: [1], bookmark: 'x' });
    await expect(allPages('orders', ask, linesOf)).rejects.toThrow('one too many');
  });
});

import { describe, expect, it } from '@jest/globals';
import { SigningQueue } from './signing-queue.ts';

function countingKey() {
  const batches: number[] = [];
  return {
    batches,
    key: {
      signAll: (messages: readonly Uint8Array[]) => {
        batches.push(messages.length);
        return messages.map((message) => Buffer.concat([Buffer.from('signed '), message]));
      },
    },
  };
}

describe('the signing queue', () => {
  it('signs what is asked for in one turn in one pass and gives everybody their own', async () => {
    const { key, batches } = countingKey();
    const queue = new SigningQueue(key);
    const alone = queue.sign(Buffer.from('alone'));
    const together = queue.signAll([Buffer.from('a'), Buffer.from('b')]);
    expect(String(await alone)).toBe('signed alone');
    expect((await together).map(String)).toEqual(['signed a', 'signed b']);
    expect(batches).toEqual([3]);
  });

  it('makes another pass for what is asked for later', async () => {
    const { key, batches } = countingKey();
    const queue = new SigningQueue(key);
    await queue.sign(Buffer.from('a'));
    await queue.sign(Buffer.from('b'));
    expect(batches).toEqual([1, 1]);
  });

  it('lets other work in after 64 signatures', async () => {
    const { key, batches } = countingKey();
    const queue = new SigningQueue(key);
    await queue.signAll(Array.from({ length: 130 }, (_, index) => Buffer.of(index)));
    expect(batches).toEqual([64, 64, 2]);
    expect(queue.passes).toBe(3);
  });

  it('tells everybody of a pass when the key fails, and goes on with the next', async () => {
    let fail = true;
    const queue = new SigningQueue({
      signAll: (messages) => {
        if (fail) throw new Error('the key is gone');
        return [...messages];
      },
    });
    const results = await Promise.allSettled([
      queue.sign(Buffer.from('a')),
      queue.sign(Buffer.from('b')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail = false;
    expect(String(await queue.sign(Buffer.from('c')))).toBe('c');
  });

  it('refuses more than 10,000 waiting messages', async () => {
    const { key } = countingKey();
    const queue = new SigningQueue(key);
    const waiting = Array.from({ length: 10_000 }, () => queue.sign(Buffer.of(1)));
    await expect(queue.sign(Buffer.of(1))).rejects.toThrow('Too many signatures');
    expect(await Promise.all(waiting)).toHaveLength(10_000);
  });
});

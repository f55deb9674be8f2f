import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Outbox, type PendingChunk } from './outbox.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-outbox-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function chunk(deviceId: string, boot: number, firstSequence: number, count: number): PendingChunk {
  const bytes = Uint8Array.from([boot, firstSequence & 0xff, count]);
  return { deviceId, boot, firstSequence, count, closedAtMs: 1_790_000_000_000, bytes };
}

describe('the durable outbox', () => {
  test('keeps chunks and numbering over a restart, for the owner only', async () => {
    const path = join(folder, 'outbox.sqlite');
    const first = new Outbox(path);
    expect(first.beginBoot(A)).toEqual({ boot: 1, nextSequence: 0 });
    first.transaction(() => {
      first.put(chunk(A, 1, 0, 300));
      first.put(chunk(A, 1, 300, 7));
    });
    first.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    const second = new Outbox(path);
    expect(second.numbering(A)).toEqual({ boot: 1, nextSequence: 307 });
    expect(second.beginBoot(A)).toEqual({ boot: 2, nextSequence: 0 });
    expect(second.pendingCounts(A)).toEqual({ chunks: 2, readings: 307 });
    const [pending] = second.pendingAfter(A, { boot: -1, firstSequence: -1 }, 10);
    expect(pending).toEqual({ ...chunk(A, 1, 0, 300), bytes: expect.anything() });
    expect([...pending!.bytes]).toEqual([1, 0, 44]);
    second.close();
  });

  test('a chunk that does not continue the numbering is refused, and nothing of its transaction stays', () => {
    const outbox = new Outbox(':memory:');
    outbox.beginBoot(A);
    outbox.beginBoot(B);
    outbox.put(chunk(A, 1, 0, 5));
    for (const wrong of [chunk(A, 1, 0, 5), chunk(A, 1, 6, 5), chunk(A, 2, 5, 5)]) {
      expect(() => {
        outbox.transaction(() => {
          outbox.put(chunk(B, 1, 0, 1));
          outbox.put(wrong);
        });
      }).toThrow('numbering');
    }
    expect(outbox.numbering(B)).toEqual({ boot: 1, nextSequence: 0 });
    expect(outbox.pendingCounts(B)).toEqual({ chunks: 0, readings: 0 });
    outbox.close();
  });

  test('a second process is told to wait', () => {
    const path = join(folder, 'outbox.sqlite');
    const outbox = new Outbox(path);
    expect(() => new Outbox(path)).toThrow('another simulator');
    outbox.close();
    new Outbox(path).close();
  });

  test('put, remove and restart in any order: what is pending is what was put and not removed', () => {
    type Step = 'put' | 'remove' | 'boot' | 'reopen';
    const steps = fc.array(
      fc.tuple(fc.constantFrom<Step>('put', 'put', 'remove', 'boot', 'reopen'), fc.nat(5)),
      { maxLength: 30 },
    );
    let run = 0;
    fc.assert(
      fc.property(steps, (plan) => {
        run += 1;
        const path = join(folder, `model-${run}.sqlite`);
        let outbox = new Outbox(path);
        const model = new Map<string, PendingChunk>();
        let { boot, nextSequence } = outbox.beginBoot(A);
        for (const [step, n] of plan) {
          if (step === 'put') {
            const made = chunk(A, boot, nextSequence, n + 1);
            outbox.put(made);
            nextSequence += n + 1;
            model.set(`${boot}/${made.firstSequence}`, made);
          } else if (step === 'remove') {
            const [key, old] = [...model][n] ?? [];
            if (key === undefined || old === undefined) continue;
            expect(outbox.remove(old)).toBe(true);
            expect(outbox.remove(old)).toBe(false);
            model.delete(key);
          } else if (step === 'boot') {
            ({ boot, nextSequence } = outbox.beginBoot(A));
          } else {
            outbox.close();
            outbox = new Outbox(path);
          }
        }
        const pending = outbox.pendingAfter(A, { boot: -1, firstSequence: -1 }, 100);
        expect(pending.map((c) => [c.boot, c.firstSequence, c.count])).toEqual(
          [...model.values()].map((c) => [c.boot, c.firstSequence, c.count]),
        );
        expect(outbox.numbering(A)).toEqual({ boot, nextSequence });
        outbox.close();
      }),
      { numRuns: 40 },
    );
  });
});

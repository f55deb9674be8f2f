import { describe, expect, test } from '@jest/globals';
import { CallGate } from './call-gate.ts';

const LONG_MS = 60_000;

function pending(): {
  readonly promise: Promise<string>;
  readonly resolve: (value: string) => void;
} {
  return Promise.withResolvers<string>();
}

describe('a gate', () => {
  test('lets calls run side by side', async () => {
    const gate = new CallGate();
    const [first, second] = [pending(), pending()];
    const done = Promise.all([gate.run(() => first.promise), gate.run(() => second.promise)]);
    second.resolve('b');
    first.resolve('a');
    expect(await done).toEqual(['a', 'b']);
  });

  test('waits for what runs, and holds back what comes', async () => {
    const gate = new CallGate();
    const order: string[] = [];
    const first = pending();
    const running = gate.run(() => first.promise).then((name) => order.push(name));
    const alone = gate.alone(LONG_MS, () => Promise.resolve(order.push('alone')));
    const later = gate.run(() => Promise.resolve(order.push('later')));
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    first.resolve('first');
    await Promise.all([running, alone, later]);
    expect(order).toEqual(['first', 'alone', 'later']);
  });

  test('refuses when what runs does not end in time, and opens again', async () => {
    const gate = new CallGate();
    const stuck = pending();
    const running = gate.run(() => stuck.promise);
    await expect(gate.alone(10, () => Promise.resolve())).rejects.toThrow(
      '1 transactions are being simulated and did not end within 10 ms',
    );
    expect(await gate.run(() => Promise.resolve('goes on'))).toBe('goes on');
    stuck.resolve('ended');
    await running;
    expect(await gate.alone(10, () => Promise.resolve('alone'))).toBe('alone');
  });

  test('does one thing alone at a time, and opens after a failure', async () => {
    const gate = new CallGate();
    const slow = pending();
    const alone = gate.alone(LONG_MS, () => slow.promise);
    await expect(gate.alone(LONG_MS, () => Promise.resolve())).rejects.toThrow('is under way');
    slow.resolve('done');
    await alone;
    const failing = gate.alone(LONG_MS, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await gate.run(() => Promise.resolve('open'))).toBe('open');
  });
});

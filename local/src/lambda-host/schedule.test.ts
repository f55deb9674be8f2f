import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@pulseledger/domain';
import { createLogger } from '../process/logger.ts';
import { Schedule } from './schedule.ts';

/** A clock whose timers ring when the test says so. */
class HandClock implements Clock {
  readonly timers: (() => void)[] = [];
  readonly now = (): number => 0;
  readonly after = (_ms: number, call: () => void): (() => void) => {
    this.timers.push(call);
    return () => void this.timers.splice(this.timers.indexOf(call), 1);
  };

  ring(): void {
    this.timers.shift()?.();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe('a schedule', () => {
  it('invokes again and again, goes on after a failure, and never twice at once', async () => {
    const clock = new HandClock();
    const lines: string[] = [];
    const turns: PromiseWithResolvers<undefined>[] = [];
    const schedule = new Schedule({
      everyMs: 60_000,
      clock,
      logger: createLogger((line) => lines.push(line)),
      invoke: () => {
        const turn = Promise.withResolvers<undefined>();
        turns.push(turn);
        return turn.promise;
      },
    });
    schedule.start();
    expect(turns).toHaveLength(0);
    clock.ring();
    expect(turns).toHaveLength(1);
    expect(clock.timers).toHaveLength(0);
    turns[0]?.reject(new TypeError('words with a name in them'));
    await settled();
    expect(lines.join('')).toContain('"event":"invocation_failed","code":"TypeError"');
    expect(lines.join('')).not.toContain('name in them');
    clock.ring();
    expect(turns).toHaveLength(2);
    const stopped = schedule.stop();
    turns[1]?.resolve(undefined);
    await stopped;
    await settled();
    expect(clock.timers).toHaveLength(0);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { isRunning, processSeen } from './process-seen.ts';

const NEVER_A_PID = 2 ** 22 + 1;
const hasProc = existsSync('/proc/self/stat');
const note = hasProc ? '' : ' (skipped: no /proc)';

describe('a process that is looked for', () => {
  test('runs as long as its number and its start are the same', () => {
    const own = processSeen(process.pid)?.startedAt ?? 'none';
    expect(isRunning(process.pid, own)).toBe(true);
    expect(isRunning(process.pid, 'another-boot/42')).toBe(false);
    expect(isRunning(NEVER_A_PID, own)).toBe(false);
    expect(processSeen(NEVER_A_PID)).toBeUndefined();
  });

  (hasProc ? test : test.skip)(
    `does not run when it was killed and nobody has reaped it${note}`,
    async () => {
      // The shell becomes a program that never asks for its child.
      const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const pid = Number(String(await once(parent.stdout, 'data')));
        const { startedAt = 'none' } = processSeen(pid) ?? {};
        expect(isRunning(pid, startedAt)).toBe(true);
        process.kill(pid, 'SIGKILL');
        while (processSeen(pid)?.isZombie !== true) await nextTurn();
        expect(processSeen(pid)?.startedAt).toBe(startedAt);
        expect(isRunning(pid, startedAt)).toBe(false);
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );
});

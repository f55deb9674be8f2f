import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { RunningSystem } from '../../integration/running-system.ts';
import { CHECKOUT, freePort, start, withFolder } from '../../integration/start.ts';
import { eventually } from '../support/system.ts';

const LIMIT_MS = 240_000;

/** Process ids whose command line or environment names the folder. */
async function processesOf(folder: string): Promise<string[]> {
  const entries = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    entries.map(async (pid) => {
      const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      const environment = await readFile(join('/proc', pid, 'environ'), 'utf8').catch(() => '');
      return (command + environment).includes(folder) ? [pid] : [];
    }),
  );
  return found.flat();
}

describe('npm start on a machine that is not in order', () => {
  it(
    'O6 killed in the middle of its start, it leaves no process, and the next start works',
    () =>
      withFolder(async (folder) => {
        const args = ['--devices', '0', '--port', String(await freePort())];
        const half = start('local/src/main.ts', ['--data', folder, ...args]);
        let said = '';
        half.child.stderr?.on('data', (part: Buffer) => (said += part.toString()));
        await eventually('it has begun', () => said.includes('keys, certificates') || undefined);
        half.child.kill('SIGKILL');
        await half.finished;
        await eventually('nothing is left', async () =>
          (await processesOf(folder)).length === 0 ? true : undefined,
        );
        const system = await RunningSystem.start(folder, args);
        const token = await system.token('patient-ada');
        expect((await system.get('/metadata', token)).status).toBe(200);
        expect((await system.stop()).code).toBe(0);
        expect(await processesOf(folder)).toEqual([]);
      }),
    LIMIT_MS,
  );

  it(
    'O6 without a Node that is new enough, it says which one is needed and ends with 1',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'pulse-old-node-'));
      try {
        await mkdir(join(folder, 'scripts'));
        await mkdir(join(folder, 'node_modules'));
        const lock = '{}';
        await writeFile(join(folder, 'package-lock.json'), lock);
        await writeFile(join(folder, 'package.json'), '{"type":"module"}');
        await writeFile(join(folder, 'node_modules', '.package-lock.json'), lock);
        const stamp = createHash('sha256').update(lock).digest('hex');
        await writeFile(join(folder, 'node_modules', '.pulseledger-setup'), stamp);
        await copyFile(join(CHECKOUT, 'scripts', 'setup.js'), join(folder, 'scripts', 'setup.js'));
        // An installed tree without our own Node, on a Node that says to be 20.
        const old = join(folder, 'old-node.mjs');
        await writeFile(
          old,
          "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });",
        );
        const { status, stderr } = spawnSync(
          process.execPath,
          ['--import', old, join(folder, 'scripts', 'setup.js')],
          { encoding: 'utf8' },
        );
        expect(status).toBe(1);
        expect(stderr).toContain('there is no Node 24 package for');
        expect(stderr).toContain('Install Node 24 yourself and run the same command again.');
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    LIMIT_MS,
  );
});

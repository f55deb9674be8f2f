import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../base/failure.ts';
import type { System } from './system-file.ts';
import { savedLogin, saveLogin } from './token.ts';

const NOBODY = { exitCode: EXIT.notAllowed, text: { what: 'Nobody is logged in.' } };

let system: System;
beforeEach(async () => {
  system = {
    ...{ network: 'devnet', pid: 1, dataFolder: await mkdtemp(join(tmpdir(), 'pulse-token-')) },
    ...{ pageUrl: 'http://localhost:1/', apiUrl: 'https://127.0.0.1:2', apiCaPem: 'one' },
    ...{ tokenUrl: 'https://127.0.0.1:3', clientId: 'cli', logins: [], patients: [] },
    ...{ enrolmentUrl: 'https://127.0.0.1:2', metricsUrl: 'http://127.0.0.1:4' },
    identities: {
      ...{ region: 'eu-central-1', endpoint: 'http://127.0.0.1:5', prefix: 'p', services: [] },
      ...{ accessKeyId: 'a', secretAccessKey: 'b' },
    },
  };
});
afterEach(() => rm(system.dataFolder, { recursive: true }));

function loginFor(ms: number): { user: string; accessToken: string; expiresAtMs: number } {
  return { user: 'nurse', accessToken: 'secret', expiresAtMs: Date.now() + ms };
}

describe('a login', () => {
  it('is kept in a file that only its owner reads, and nothing else beside it', async () => {
    await saveLogin(system, loginFor(60_000));
    expect(await savedLogin(system)).toMatchObject({ user: 'nurse', accessToken: 'secret' });
    const folder = join(system.dataFolder, 'cli');
    expect(await readdir(folder)).toEqual(['login.json']);
    expect((await stat(join(folder, 'login.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(folder, 'login.json'), 'utf8')).not.toContain('password');
  });

  it('ends, and is none at another system', async () => {
    await expect(savedLogin(system)).rejects.toMatchObject(NOBODY);
    await saveLogin(system, loginFor(1_000));
    await expect(savedLogin(system)).rejects.toMatchObject({
      text: {
        why: 'The login of nurse has ended.',
        remedy: expect.stringContaining('login nurse'),
      },
    });
    await saveLogin(system, loginFor(60_000));
    await expect(savedLogin({ ...system, apiCaPem: 'another' })).rejects.toMatchObject(NOBODY);
  });

  it('that cannot be read is none', async () => {
    await saveLogin(system, loginFor(60_000));
    await writeFile(join(system.dataFolder, 'cli', 'login.json'), '{');
    await expect(savedLogin(system)).rejects.toMatchObject(NOBODY);
  });
});

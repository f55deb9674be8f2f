import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulseledger-secrets-'));
  execFileSync('git', ['init', '-q'], { cwd: folder });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function track(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
  execFileSync('git', ['add', name], { cwd: folder });
}

/** As `npm run check` runs it, for this folder. */
function look(): { readonly status: number | null; readonly said: string } {
  const script = join(__dirname, '..', 'secrets.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

/** Made here: a secret in this file would be found in this file. */
const PLANTED: readonly (readonly [string, () => string])[] = [
  [
    'a private key',
    () =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ format: 'pem', type: 'pkcs8' })
        .toString(),
  ],
  [
    'an AWS access key',
    () => `AWS_SECRET_ACCESS_KEY="${randomBytes(30).toString('base64').slice(0, 40)}"`,
  ],
  ['a GitHub token', () => `ghp_${randomBytes(18).toString('hex')}`],
];

describe('looking for secrets', () => {
  it.each(PLANTED)('finds %s that is planted, and does not repeat it', async (_, make) => {
    const secret = make();
    await track('notes.txt', `something\n${secret}\n`);
    const { status, said } = look();
    expect(status).toBe(1);
    expect(said).toContain('notes.txt');
    expect(said).not.toContain(secret.split('\n')[1] ?? secret);
  });

  it('finds nothing where there is nothing, nor in what is not tracked', async () => {
    await track('notes.txt', 'the key is in the safe\n');
    await writeFile(join(folder, 'own.txt'), PLANTED[0]?.[1]() ?? '');
    expect(look()).toEqual({ status: 0, said: '' });
  });
});

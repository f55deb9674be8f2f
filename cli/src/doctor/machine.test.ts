import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkDisk, checkFabric, checkInstallation, checkNode } from './machine.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-doctor-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...path: readonly string[]): Promise<void> {
  const file = join(folder, ...path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, '', { mode: 0o755 });
}

describe('the doctor', () => {
  it('finds an old Node', () => {
    expect(checkNode('24.1.0').state).toBe('ok');
    expect(checkNode('22.18.0')).toMatchObject({ state: 'failed', fix: expect.any(String) });
  });

  it('tells what of the set-up is missing, step by step', async () => {
    const detail = async (): Promise<string> => (await checkInstallation(folder)).detail;
    expect(await detail()).toContain('not installed');
    await put('node_modules', '.package-lock.json');
    expect(await detail()).toContain('not built');
    await put('dist', 'lambdas', 'ingest', 'index.cjs');
    expect(await detail()).toContain('has changed');
  });

  it('looks for room where a folder would be made', async () => {
    expect((await checkDisk(join(folder, 'not', 'there'))).detail).toMatch(/GB free/);
  });

  it('names the Fabric programs that are missing, and fails nothing for them', async () => {
    await put('peer');
    const environment = { FABRIC_BIN: folder, PATH: '' };
    const { state, detail } = await checkFabric(environment);
    expect([state, detail]).toEqual([
      'note',
      'no orderer, configtxgen, osnadmin: the devnet needs none',
    ]);
    for (const program of ['orderer', 'configtxgen', 'osnadmin']) await put(program);
    expect((await checkFabric(environment)).state).toBe('ok');
  });
});

import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';

const PACKAGE = join(__dirname, '..');
const ROOT = join(PACKAGE, '..', '..');
const TIMEOUT_MS = 180_000;
const Packed = z.array(z.object({ filename: z.string() })).min(1);
const Manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

let dir: string;

/** The code blocks of the README in order, which are all of JavaScript. */
async function readmeCode(): Promise<string[]> {
  const text = await readFile(join(PACKAGE, 'README.md'), 'utf8');
  return [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** An installed dependency, as if it were installed in the folder. */
async function link(name: string): Promise<void> {
  const target = join(dir, 'node_modules', name);
  await mkdir(dirname(target), { recursive: true });
  const manifest = createRequire(join(PACKAGE, 'package.json')).resolve(`${name}/package.json`);
  await symlink(await realpath(dirname(manifest)), target);
}

/** What `npm install` of the tarball would do, without a registry. */
async function installPacked(): Promise<void> {
  const packed: unknown = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', dir], PACKAGE),
  );
  const [{ filename } = { filename: '' }] = Packed.parse(packed);
  const target = join(dir, 'node_modules', '@pulseledger', 'devnet');
  await mkdir(target, { recursive: true });
  run('tar', ['-xzf', join(dir, filename), '--strip-components=1', '-C', target], dir);
  const { dependencies } = Manifest.parse(
    JSON.parse(await readFile(join(target, 'package.json'), 'utf8')),
  );
  for (const name of Object.keys(dependencies)) await link(name);
}

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'devnet-readme-')));
  await installPacked();
  const [example = '', chaincode = ''] = await readmeCode();
  await writeFile(join(dir, 'assets.test.js'), example);
  await writeFile(join(dir, 'package.json'), '{ "name": "another-project" }');
  await writeFile(join(dir, 'jest.config.json'), '{ "testEnvironment": "node", "transform": {} }');
  await mkdir(join(dir, 'chaincode'));
  await writeFile(join(dir, 'chaincode', 'index.js'), chaincode);
  const manifest = {
    name: 'chaincode',
    main: 'index.js',
    dependencies: { 'fabric-shim': '2.5.8' },
  };
  await writeFile(join(dir, 'chaincode', 'package.json'), JSON.stringify(manifest));
  for (const name of ['fabric-shim', 'fabric-contract-api', 'jest', '@types/node'])
    await link(name);
}, TIMEOUT_MS);

afterAll(() => rm(dir, { recursive: true }));

test(
  "the README's example runs in a project of its own, from the packed package",
  () => {
    const jest = join(dir, 'node_modules', 'jest', 'bin', 'jest.js');
    const { status, stderr } = spawnSync(process.execPath, [jest, '--rootDir', dir, '--ci'], {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stderr).toContain('an asset is created once');
    expect(stderr).toContain('Tests:       1 passed, 1 total');
    expect(status).toBe(0);
  },
  TIMEOUT_MS,
);

test('the package works as an ES module, with types, and as a command', async () => {
  const program = `
import { type DevnetTestNetwork, startTestNetwork, defineNetwork, connectAdmin } from '@pulseledger/devnet';
export const name: string = defineNetwork({ organizations: ['Org1MSP'], chaincode: { name: 'a' } }).channel;
export const start: (address: string) => Promise<DevnetTestNetwork> = (address) =>
  startTestNetwork({ organizations: ['Org1MSP'], chaincode: { name: 'a', address } });
export const height = async (): Promise<number> => (await (await connectAdmin('admin.json')).status()).height;
console.log(name);
`;
  await writeFile(join(dir, 'program.mts'), program);
  const flags = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--types', 'node'];
  const modules = ['--module', 'nodenext', '--target', 'es2024'];
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  expect(run(tsc, [...flags, ...modules, 'program.mts'], dir)).toBe('');
  expect(run(process.execPath, ['program.mts'], dir)).toBe('mychannel\n');
  const command = join(dir, 'node_modules', '@pulseledger', 'devnet', 'dist', 'esm', 'main.js');
  expect(run(process.execPath, [command, '--help'], dir)).toContain('Usage: devnet');
});

test('the package holds no tests and no sources', async () => {
  const folder = join(dir, 'node_modules', '@pulseledger', 'devnet');
  const files = await readdir(folder, { recursive: true });
  expect(files).toContain('README.md');
  expect(
    files.filter((file) => /test\.|testing|\.ts$/.test(file) && !file.endsWith('.d.ts')),
  ).toEqual([]);
});

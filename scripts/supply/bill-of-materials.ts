import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** A package as the lockfile has it; a workspace is one, too, under its folder. */
const Locked = z.looseObject({ dev: z.boolean().optional(), link: z.boolean().optional() });
const Lockfile = z.looseObject({ packages: z.record(z.string(), Locked) });
const Manifest = z.record(z.string(), z.unknown());
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * What of the lockfile runs: without what only develops and tests. `npm sbom --omit dev` would also leave out what runs when
 * the root names it among its devDependencies, as it does with what its tests import.
 *
 * @returns texts by path: lockfile and manifests
 */
function runtimeOf(root: string): Map<string, string> {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const lock = Lockfile.parse(read('package-lock.json'));
  const packages = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  const plain = packages.map(([path, one]) => [path, withoutDev(one)] as const);
  const files = new Map([
    ['package-lock.json', JSON.stringify({ ...lock, packages: Object.fromEntries(plain) })],
  ]);
  for (const [path] of packages.filter(([one]) => !one.includes('node_modules'))) {
    const manifest = join(path, 'package.json');
    files.set(manifest, JSON.stringify(withoutDev(read(manifest))));
  }
  return files;
}

function withoutDev(manifest: unknown): Record<string, unknown> {
  const fields = Object.entries(Manifest.parse(manifest));
  return Object.fromEntries(fields.filter(([name]) => name !== 'devDependencies'));
}

/**
 * CycloneDX's bill of everything that runs, by npm itself.
 *
 * @throws Error with npm's words when it finds the tree wrong
 */
export function billOfMaterials(root: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
  // npm names the whole after its folder.
  const project = join(folder, 'pulseledger');
  try {
    for (const [path, text] of runtimeOf(root)) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--offline'];
    const npm = process.env['npm_execpath'];
    const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
    const { status, stdout, stderr } = spawnSync(command, [...first, ...args], {
      cwd: project,
      encoding: 'utf8',
      maxBuffer: MAX_BYTES,
    });
    if (status !== 0) throw new Error(`npm cannot make the bill of materials:\n${stderr}`);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

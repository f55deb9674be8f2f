import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** A bug to plant: one place of the production code, exactly as it stands there, and what takes its place. */
export interface Mutation {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const KEPT_MS = 6 * 3_600_000;
const SIMULATED_CRYPTO = join('chaincode', 'src', 'crypto.ts');

/** Real time and real chance: production code in a simulation must get both from its parameters. */
const FORBIDDEN = {
  'Date.now': '__forbidden.dateNow',
  'Math.random': '__forbidden.random',
  'performance.now': '__forbidden.performanceNow',
  setTimeout: '__forbidden.setTimeout',
  setInterval: '__forbidden.setInterval',
  setImmediate: '__forbidden.setImmediate',
};

/**
 * Bundles the simulation with the production code in it into one file.
 *
 * @param root - of the repository.
 * @param mutation - the bug to plant; none for the code as it is.
 * @returns the file.
 * @throws Error when the place of the mutation is not there, or not there once.
 */
export async function bundleSimulation(root: string, mutation?: Mutation): Promise<string> {
  const planted = { count: 0 };
  const result = await build({
    entryPoints: [join(root, 'test', 'simulation', 'world', 'main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    alias: bundled(root),
    define: FORBIDDEN,
    logLevel: 'silent',
    plugins: [production(root, mutation, planted)],
  });
  if (mutation !== undefined && planted.count !== 1) {
    throw new Error(`${mutation.file} is not a part of the simulation (${mutation.name}).`);
  }
  const code = result.outputFiles[0]?.text ?? '';
  const folder = join(root, '.cache', 'simulation');
  await mkdir(folder, { recursive: true });
  await removeOld(folder);
  const file = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.cjs`);
  await writeFile(file, code);
  return file;
}

/** Bundles of code that has changed since; one that another process runs just now is younger than that. */
async function removeOld(folder: string): Promise<void> {
  const oldestMs = Date.now() - KEPT_MS;
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < oldestMs) await rm(file, { force: true });
  }
}

/** What is bundled, not left to be required: the workspaces' sources, and packages that are ES modules only. */
function bundled(root: string): Record<string, string> {
  return {
    '@pulseledger/domain': join(root, 'domain', 'src', 'index.ts'),
    '@pulseledger/ledger': join(root, 'ledger', 'src', 'index.ts'),
    cborg: join(root, 'node_modules', 'cborg', 'cborg.js'),
  };
}

function production(
  root: string,
  mutation: Mutation | undefined,
  planted: { count: number },
): Plugin {
  return {
    name: 'production',
    setup: (esbuild) => {
      esbuild.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const name = relative(root, path);
        if (name === SIMULATED_CRYPTO) {
          const contents = await readFile(
            join(root, 'test', 'simulation', 'world', 'signatures.ts'),
            'utf8',
          );
          return { contents, loader: 'ts' as const, resolveDir: join(path, '..') };
        }
        if (name.split(sep).join('/') !== mutation?.file) return undefined;
        const source = await readFile(path, 'utf8');
        if (source.split(mutation.find).length !== 2) {
          throw new Error(`${mutation.file} does not have, or not once: ${mutation.find}`);
        }
        planted.count += 1;
        return {
          contents: source.replace(mutation.find, () => mutation.replace),
          loader: 'ts' as const,
        };
      });
    },
  };
}

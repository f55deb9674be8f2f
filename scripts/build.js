// Builds what Node cannot run from source: the chaincode (decorators, CommonJS) and the Lambda bundles.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildDashboard } from './build-dashboard.js';

const root = join(import.meta.dirname, '..');
const force = process.argv.includes('--force');

/** Newest modification below a folder; tests and built files do not count. */
function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.endsWith('.test.ts'))
      continue;
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

function isStale(output, ...sources) {
  if (force || !existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  return [...sources, 'package-lock.json', 'scripts/build.js']
    .map((source) => join(root, source))
    .some((path) => (statSync(path).isDirectory() ? newest(path) : statSync(path).mtimeMs) > built);
}

function buildChaincode() {
  const output = join(root, 'chaincode', 'dist', 'index.js');
  if (!isStale(output, 'chaincode/src', 'domain/src')) return;
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const run = spawnSync(tsc, ['-b', 'chaincode', ...(existsSync(output) ? [] : ['--force'])], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (run.status !== 0) process.exit(1);
  process.stderr.write('build: chaincode\n');
}

async function buildLambdas() {
  const folder = join(root, 'lambdas');
  const names = readdirSync(folder).filter((name) =>
    existsSync(join(folder, name, 'src', 'handler.ts')),
  );
  const out = (name) => join(root, 'dist', 'lambdas', name, 'index.cjs');
  if (
    !names.some((name) =>
      isStale(
        out(name),
        `lambdas/${name}`,
        'lambdas/common',
        'ledger',
        'domain/src',
        'network/identity',
      ),
    )
  )
    return;
  await build({
    entryPoints: names.map((name) => ({
      in: join(folder, name, 'src', 'handler.ts'),
      out: `${name}/index`,
    })),
    outdir: join(root, 'dist', 'lambdas'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    // fabric-gateway asks for pkcs11js only when an HSM signer is made.
    external: ['pkcs11js'],
    logLevel: 'error',
  });
  process.stderr.write(`build: lambdas ${names.join(', ')}\n`);
}

buildChaincode();
await buildLambdas();
const page = join(root, 'dist', 'dashboard', 'headers.json');
if (isStale(page, 'dashboard/src', 'domain/src', 'scripts/build-dashboard.js'))
  await buildDashboard(root);

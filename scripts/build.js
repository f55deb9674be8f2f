// Builds what Node cannot run from source: the chaincode (decorators, CommonJS) and the Lambda bundles.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildDashboard } from './build-dashboard.js';
import { lambdaNames, lambdaOptions } from './bundle/lambda-options.ts';

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
  const names = lambdaNames(root);
  const outdir = join(root, 'dist', 'lambdas');
  const sources = ['lambdas/common', 'ledger', 'domain/src', 'network/identity', 'scripts/bundle'];
  const isFresh = (name) =>
    !isStale(join(outdir, name, 'index.cjs'), `lambdas/${name}`, ...sources);
  if (names.every(isFresh)) return;
  await build(lambdaOptions(root, names, outdir));
  process.stderr.write(`build: lambdas ${names.join(', ')}\n`);
}

buildChaincode();
await buildLambdas();
const page = join(root, 'dist', 'dashboard', 'headers.json');
if (isStale(page, 'dashboard/src', 'domain/src', 'scripts/build-dashboard.js', 'scripts/bundle'))
  await buildDashboard(root);

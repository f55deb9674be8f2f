// `npm run bundles`: what each function weighs and how long it takes to load, beside the plain bundle of the same code.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { budgetOf } from './bundle/budgets.ts';
import { lambdaNames, lambdaOptions, plainOptions } from './bundle/lambda-options.ts';
import { loadTimeMs } from './bundle/load.ts';

const LOADS = 7;
const SHOWN_PACKAGES = 12;
const KILO = 1_000;

interface Weighed {
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Median of several processes. */
  readonly loadMs: number;
}

interface Row {
  readonly name: string;
  readonly budgetBytes: number;
  readonly delivered: Weighed;
  readonly plain: Weighed;
}

function weigh(file: string): Weighed {
  const content = readFileSync(file);
  const times = Array.from({ length: LOADS }, () => loadTimeMs(file)).sort((a, b) => a - b);
  return {
    bytes: content.length,
    gzipBytes: gzipSync(content).length,
    loadMs: Math.round(times[Math.floor(LOADS / 2)] ?? Number.NaN),
  };
}

/** Bytes of the output that come from each package or folder of ours, the most first. */
function parts(metafile: Metafile, name: string): [string, number][] {
  const [, output] =
    Object.entries(metafile.outputs).find(([file]) => file.endsWith(`${name}/index.cjs`)) ?? [];
  const sums = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const part = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file.split('/')[0] ?? '';
    sums.set(part, (sums.get(part) ?? 0) + bytesInOutput);
  }
  return [...sums].sort(([, a], [, b]) => b - a).slice(0, SHOWN_PACKAGES);
}

const kilobytes = (bytes: number): string => (bytes / KILO).toFixed(0);

function show(rows: readonly Row[]): void {
  const cells = rows.map(({ name, budgetBytes, delivered, plain }) => [
    name,
    ...[delivered.bytes, delivered.gzipBytes].map(kilobytes),
    String(delivered.loadMs),
    ...[plain.bytes, plain.gzipBytes].map(kilobytes),
    String(plain.loadMs),
    kilobytes(budgetBytes),
  ]);
  const heads = ['function', 'KB', 'gzip', 'load ms', 'plain KB', 'gzip', 'load ms', 'budget KB'];
  for (const row of [heads, ...cells]) {
    const [first = '', ...rest] = row;
    console.log([first.padEnd(18), ...rest.map((cell) => cell.padStart(9))].join(' '));
  }
}

const root = join(import.meta.dirname, '..');
const isJson = process.argv.includes('--json');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const names = lambdaNames(root).filter((name) => asked.length === 0 || asked.includes(name));
if (names.length === 0) throw new Error(`There is no such function: ${asked.join(', ')}.`);
const folder = join(root, '.cache', 'bundles');
rmSync(folder, { recursive: true, force: true });
const delivered = join(folder, 'delivered');
const plain = join(folder, 'plain');
const { metafile } = await build(lambdaOptions(root, names, delivered));
await build(plainOptions(root, names, plain));
const rows = names.map((name) => ({
  name,
  budgetBytes: budgetOf(name),
  delivered: weigh(join(delivered, name, 'index.cjs')),
  plain: weigh(join(plain, name, 'index.cjs')),
}));
if (isJson) console.log(JSON.stringify({ loads: LOADS, functions: rows }));
else {
  show(rows);
  for (const name of asked) {
    console.log(styleText('bold', `\n${name}, KB by package`));
    for (const [part, bytes] of parts(metafile, name))
      console.log(`${kilobytes(bytes).padStart(6)}  ${part}`);
  }
}
process.exitCode = rows.some((row) => row.delivered.bytes > row.budgetBytes) ? 1 : 0;

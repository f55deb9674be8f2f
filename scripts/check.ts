// The rules that are not behaviour: format, types, lint, import boundaries, unused code, generated files.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Linted apart from each other: all types at once need 4 GB of memory, which is all that Node takes by itself. */
const LINT_PARTS: readonly (readonly string[])[] = [
  ['domain', 'chaincode', 'ledger', 'device-simulator'],
  ['lambdas', 'local', 'cli'],
  ['network', 'dashboard', 'infra'],
  ['test', 'scripts', '*.js', '*.cjs'],
];

const lint: readonly Step[] = LINT_PARTS.map((part, index) => ({
  name: `lint (eslint) ${part.join(' ')}`,
  command: bin('eslint'),
  args: ['--cache', '--cache-location', `.cache/eslint-${index}`, ...part],
}));

const steps: readonly Step[] = [
  { name: 'format (biome)', command: bin('biome'), args: ['ci', '--colors=off', '.'] },
  { name: 'types (tsc -b)', command: bin('tsc'), args: ['-b'] },
  ...lint,
  {
    name: 'import boundaries (dependency-cruiser)',
    command: bin('depcruise'),
    args: [
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
      'domain',
      'chaincode/src',
      'ledger',
      'lambdas',
      'device-simulator',
      'network',
      'local',
      'dashboard',
      'cli',
      'infra',
      'test',
      'scripts',
    ],
  },
  { name: 'unused code (knip)', command: bin('knip'), args: ['--no-progress'] },
  {
    name: 'no secrets (secretlint)',
    command: process.execPath,
    args: ['scripts/secrets.ts'],
  },
  {
    name: 'bill of materials (CycloneDX) and licenses',
    command: process.execPath,
    args: ['scripts/sbom.ts'],
  },
  {
    name: 'docs/ERRORS.md is up to date',
    command: process.execPath,
    args: ['scripts/generate-errors-doc.ts', '--check'],
  },
];

export interface StepResult {
  readonly name: string;
  readonly passed: boolean;
}

function run(step: Step): Promise<StepResult> {
  const started = Date.now();
  const { promise, resolve } = Promise.withResolvers<StepResult>();
  const child = spawn(step.command, step.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => output.push(data));
  child.stderr.on('data', (data: Buffer) => output.push(data));
  child.on('error', (error) => output.push(Buffer.from(error.message)));
  child.on('close', (code) => {
    const passed = code === 0;
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${passed ? 'ok  ' : 'FAIL'} ${step.name} (${seconds} s)\n`);
    if (!passed) process.stdout.write(`${Buffer.concat(output).toString('utf8')}\n`);
    resolve({ name: step.name, passed });
  });
  return promise;
}

/** Runs every check, one after the other: two cores are soon full. */
export async function runChecks(): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) results.push(await run(step));
  return results;
}

if (import.meta.main) {
  const results = await runChecks();
  process.exitCode = results.every((result) => result.passed) ? 0 : 1;
}

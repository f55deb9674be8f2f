import { Command, InvalidArgumentError } from 'commander';
import { isSame, type Json } from './answers.ts';
import { readRecorded, writeRecorded } from './recorded.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { runRows } from './run-rows.ts';
import { type NetworkKind, startNetwork } from './start-network.ts';
import { Connections } from './world.ts';

interface Options {
  readonly network: NetworkKind;
  readonly json?: true;
  readonly record?: true;
  readonly rows?: string;
}

interface Difference {
  readonly id: string;
  readonly expected: Json | undefined;
  readonly answered: Json;
}

function networkKind(value: string): NetworkKind {
  if (value === 'devnet' || value === 'fabric') return value;
  throw new InvalidArgumentError('It is devnet or fabric.');
}

function chosen(pattern: string | undefined): readonly Row[] {
  if (pattern === undefined) return ROWS;
  const expression = new RegExp(pattern);
  return ROWS.filter((row) => expression.test(row.id));
}

async function answersOf(
  kind: NetworkKind,
  rows: readonly Row[],
  onAnswer: (row: Row, answer: Json, done: number) => void,
): Promise<Map<string, Json>> {
  const network = await startNetwork(kind);
  const connections = new Connections(network);
  const answers = new Map<string, Json>();
  try {
    await runRows(connections, rows, (row, answer) => {
      answers.set(row.id, answer);
      onAnswer(row, answer, answers.size);
    });
  } finally {
    connections.closeAll();
    await network.stop();
  }
  return answers;
}

function tell(difference: Difference): void {
  const { id, expected, answered } = difference;
  process.stderr.write(
    `\n${id}\n  Fabric: ${JSON.stringify(expected)}\n  here:   ${JSON.stringify(answered)}\n`,
  );
}

async function main(options: Options): Promise<number> {
  const rows = chosen(options.rows);
  const startedAt = performance.now();
  const recorded = await readRecorded(ROWS.map((row) => row.id));
  const differences: Difference[] = [];
  process.stderr.write(`conformance: ${rows.length} rows on ${options.network}\n`);
  const answers = await answersOf(options.network, rows, (row, answered, done) => {
    const expected = recorded.get(row.id);
    const isEqual = isSame(expected, answered);
    if (!isEqual) differences.push({ id: row.id, expected, answered });
    const sign = isEqual ? 'ok' : 'DIFFERENT';
    process.stderr.write(`  ${done}/${rows.length} ${row.id}: ${sign}\n`);
  });
  if (options.record === true) {
    await writeRecorded(
      answers,
      ROWS.map((row) => row.id),
    );
  }
  for (const difference of differences) tell(difference);
  const ms = Math.round(performance.now() - startedAt);
  const equal = rows.length - differences.length;
  const summary = { network: options.network, rows: rows.length, equal, ms, differences };
  if (options.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else process.stdout.write(`${equal} of ${rows.length} rows equal (${ms} ms)\n`);
  return differences.length === 0 ? 0 : 1;
}

const program = new Command('npm run conformance --')
  .description(
    'Runs the table of behaviours on a network and compares each answer with the one recorded from native Fabric.',
  )
  .option('--network <devnet|fabric>', 'where to run it', networkKind, 'devnet')
  .option('--rows <pattern>', 'only rows whose id matches this regular expression')
  .option('--record', 'keep the answers as the expected ones (native network only)')
  .option('--json', 'one line of JSON on stdout')
  .addHelpText(
    'after',
    '\nExit codes: 0 all rows equal, 1 a row differs or the run failed.\nExample: npm run conformance -- --network devnet --rows "^mvcc/"',
  );
program.parse();
const options = program.opts<Options>();
if (options.record === true && options.network !== 'fabric') {
  program.error('error: only the native network is recorded: add --network fabric');
}
process.exitCode = await main(options);

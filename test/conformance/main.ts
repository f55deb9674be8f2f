import { isSame, type Json } from './answers.ts';
import { type ConformanceOptions, parseArguments, USAGE } from './arguments.ts';
import { render, writeDocument } from './document.ts';
import { readRecorded, writeRecorded } from './recorded.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { runRows } from './run-rows.ts';
import { startNetwork } from './start-network.ts';
import { Connections } from './world.ts';

const DIFFERENT = 1;
const FAILED = 2;

interface Difference {
  readonly id: string;
  readonly expected: Json | undefined;
  readonly answered: Json;
}

type OnAnswer = (row: Row, answer: Json, done: number) => void;

async function answersOf(
  options: ConformanceOptions,
  rows: readonly Row[],
  onAnswer: OnAnswer,
): Promise<Map<string, Json>> {
  const network = await startNetwork(options.network);
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

function tell({ id, expected, answered }: Difference): void {
  process.stderr.write(
    `\n${id}\n  Fabric: ${JSON.stringify(expected)}\n  here:   ${JSON.stringify(answered)}\n`,
  );
}

async function run(options: ConformanceOptions): Promise<number> {
  const startedAt = performance.now();
  const { network, rows: pattern } = options;
  const rows = ROWS.filter((row) => pattern?.test(row.id) ?? true);
  const ids = ROWS.map((row) => row.id);
  const recorded = await readRecorded(ids);
  const differences: Difference[] = [];
  process.stderr.write(`conformance: ${rows.length} rows on ${network}\n`);
  const answers = await answersOf(options, rows, (row, answered, done) => {
    const expected = recorded.get(row.id);
    const isEqual = isSame(expected, answered);
    if (!isEqual) differences.push({ id: row.id, expected, answered });
    const sign = isEqual ? 'same' : 'DIFFERENT';
    process.stderr.write(`  ${done}/${rows.length} ${row.id}: ${sign}\n`);
  });
  if (options.record) await writeRecorded(answers, ids);
  if (options.document) await writeDocument(render(ROWS, recorded, answers));
  for (const difference of differences) tell(difference);
  const ms = Math.round(performance.now() - startedAt);
  const equal = rows.length - differences.length;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ network, rows: rows.length, equal, ms, differences })}\n`
      : `${equal} of ${rows.length} rows are the same (${ms} ms)\n`,
  );
  return differences.length === 0 ? 0 : DIFFERENT;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Its text says what to do; the native network is not loaded unless it is asked for.
  return error.name === 'MissingProgramsError' ? error.message : (error.stack ?? error.message);
}

async function main(): Promise<number> {
  try {
    const options = parseArguments(process.argv.slice(2));
    if (options !== 'help') return await run(options);
    process.stdout.write(`${USAGE}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`conformance: ${describe(error)}\n`);
    return FAILED;
  }
}

process.exitCode = await main();

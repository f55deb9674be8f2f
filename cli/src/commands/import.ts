import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type EntryOutcome,
  type ImportRequest,
  importBundle,
} from '@pulseledger/lambdas/import-bundle';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT, Failure, Interruption } from '../base/failure.ts';
import { untilInterrupted } from '../base/interrupts.ts';
import { count, print, printJson } from '../base/output.ts';
import { Progress } from '../base/progress.ts';
import { Api } from '../system/api.ts';

/** Larger files are no single patient's. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const Part = z.object({ entry: z.array(z.unknown()) });
const Size = z.object({ entry: z.array(z.unknown()).default([]) });

interface Options extends LoginOptions {
  readonly strict: boolean;
}

interface FileReport {
  readonly file: string;
  readonly stored: number;
  /** Stored by an earlier import. */
  readonly known: number;
  readonly refused: number;
  readonly notSent: number;
  readonly entries: readonly EntryOutcome[];
}

const HELP = `
Every entry gets an outcome of its own. Lenient (default) stores what is valid; strict stores nothing of a
file that has anything to say about it. Sending a file again adds nothing: after Ctrl-C the same command
goes on where it was.`;

export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('write FHIR R4 Bundles into the record, and tell what became of each entry')
    .argument('<bundle...>', 'files')
    .addOption(
      new Option('--strict', 'store a file whole, or nothing of it')
        .default(false)
        .conflicts('lenient'),
    )
    .option('--lenient', 'store what is valid, and tell why the rest is not (default)');
  withExamples(withLogin(command).addHelpText('after', HELP), [
    'import cli/examples/visit.json --lenient --login hospital-doctor',
  ]).action(importFiles);
}

async function importFiles(files: string[], options: Options): Promise<void> {
  const api = await Api.open(options);
  const interrupted = untilInterrupted();
  const reports: FileReport[] = [];
  for (const file of files) {
    const report = await importFile(api, file, options.strict, interrupted);
    reports.push(report);
    if (!options.json) print(reportText(report));
  }
  if (options.json) printJson({ files: reports });
  if (reports.some(({ refused, notSent }) => refused + notSent > 0)) process.exitCode = EXIT.failed;
  process.removeAllListeners('SIGINT');
}

/** One file, as far as it is not interrupted. @throws Failure */
export async function importFile(
  api: Pick<Api, 'send'>,
  file: string,
  strict: boolean,
  interrupted: AbortSignal,
): Promise<FileReport> {
  const bundle = await readBundle(file);
  const progress = new Progress(Size.parse(bundle).entry.length, 'entries');
  let done = 0;
  const post = async ({
    path,
    headers,
    body,
  }: ImportRequest): Promise<{ status: number; text: string }> => {
    if (interrupted.aborted) {
      const rest = 'Run the same command again: it goes on where it was.';
      throw new Interruption(`The import of ${basename(file)} was interrupted.`, rest);
    }
    const answer = await api.send(path, { method: 'POST', headers, body });
    if (answer.status === 401) throw expired();
    if (answer.status === 200) done += Part.parse(JSON.parse(body)).entry.length;
    progress.update(done);
    return { status: answer.status, text: answer.body };
  };
  try {
    const outcomes = await importBundle(bundle, { mode: strict ? 'strict' : 'lenient', post });
    return reportOf(file, outcomes);
  } finally {
    progress.end();
  }
}

function expired(): Failure {
  return new Failure(EXIT.notAllowed, {
    what: 'The login has ended.',
    why: 'A login lasts 15 minutes.',
    remedy:
      'Run the same command with --login USER: it renews the login, and goes on where it was.',
  });
}

async function readBundle(file: string): Promise<unknown> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > MAX_FILE_BYTES) throw new Error('it is larger than 512 MB');
    const bundle: unknown = JSON.parse(bytes.toString('utf8'));
    if (!z.object({ resourceType: z.literal('Bundle') }).safeParse(bundle).success) {
      throw new Error('it is no FHIR Bundle');
    }
    return bundle;
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is no JSON' : reasonOf(error);
    const text = {
      what: `${file} cannot be imported.`,
      why: `The file was not used: ${why}.`,
      remedy: 'Name a file with one FHIR R4 Bundle in JSON.',
    };
    throw new Failure(EXIT.failed, text, error);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reportOf(file: string, outcomes: readonly EntryOutcome[]): FileReport {
  const number = (status: EntryOutcome['status']): number =>
    outcomes.filter((one) => one.status === status).length;
  return {
    file,
    stored: number('stored'),
    known: number('known'),
    refused: number('refused'),
    notSent: number('not-sent'),
    entries: outcomes,
  };
}

function reportText({ file, stored, known, refused, notSent, entries }: FileReport): string {
  const heading =
    `${file}: ${count(stored, 'entry', 'entries')} stored, ${known} known already, ` +
    `${refused} refused, ${notSent} not sent`;
  const lines = entries.flatMap(({ index, resourceType, status, remarks: all }) =>
    all.map(
      ({ severity, text, expression }) =>
        `  entry ${index} ${resourceType} ${status}: ${severity} at ${expression}: ${text}`,
    ),
  );
  return [heading, ...lines].join('\n');
}

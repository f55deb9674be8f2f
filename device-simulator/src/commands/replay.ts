import { type Command, InvalidArgumentError, Option } from 'commander';
import { enrolmentAt } from '../device/enrolment.ts';
import type { DeliveryReport } from '../replay/delivery.ts';
import {
  checkRecordings,
  type ReplayOptions,
  type ReplayReport,
  replay,
} from '../replay/replay.ts';
import type { FileReport, Refusal } from '../replay/report.ts';
import { parseRfc3339 } from '../replay/time.ts';
import { FORMATS, type Format } from '../replay/types.ts';
import { patientNamed, readSystemFile, stateFolder } from '../system-file.ts';
import { durationArgument, zoneArgument } from './arguments.ts';
import { EXIT, ProgressLine, print, printJson } from './output.ts';

interface ReplayArguments {
  readonly patient?: string;
  readonly system: string;
  readonly zone?: string;
  readonly start?: string;
  readonly format?: Format;
  readonly person?: string;
  readonly strict: boolean;
  readonly dryRun: boolean;
  readonly patience: number;
  readonly json: boolean;
}

function describeRefusal({ reason, count, places }: Refusal): string {
  const more = count > places.length ? ', …' : '';
  return `  ${count} × ${reason} (${places.join('; ')}${more})`;
}

function describeFile(report: FileReport): string[] {
  const { file, format, rows, valid, absent, already } = report;
  const lines = [
    `${file}: ${format ?? 'unknown format'}, ${rows} rows read, ${valid} valid readings` +
      (absent === 0 ? '' : ` (${absent} of them without a value: sensor off)`) +
      (already === 0 ? '' : `, ${already} of them on the ledger already`),
  ];
  if (report.span !== null) {
    lines.push(
      `  from ${report.span.from} to ${report.span.to}, zone offset ${report.zoneOffsets.join(', ')}`,
    );
  }
  lines.push(...report.refused.map((refusal) => `${describeRefusal(refusal)} refused`));
  if (report.duplicates !== null) lines.push(describeRefusal(report.duplicates));
  for (const [what, count] of Object.entries(report.ignored)) {
    lines.push(`  ${count} × ${what}: not kept in the record`);
  }
  lines.push(...report.notes.map((note) => `  ${note}`));
  if (report.failure !== null) lines.push(`  not replayed: ${report.failure}`);
  return lines;
}

function describeDelivery(delivery: DeliveryReport): string {
  const { handedOver, resumed, chunks, devices, committed, quarantined, pending } = delivery;
  if (handedOver + resumed === 0) return 'Nothing new: everything is on the ledger already.';
  const reasons = Object.entries(delivery.quarantineReasons).map(([why, n]) => `${n} ${why}`);
  return (
    `${handedOver + resumed} readings sent by ${devices} devices in ${chunks} chunks: ${committed} committed` +
    (quarantined === 0 ? '' : `, ${quarantined} quarantined (${reasons.join(', ')})`) +
    `${pending === 0 ? '' : `, ${pending} not answered yet: replay the same again to go on`}.`
  );
}

function succeeded({ files, delivery }: ReplayReport): boolean {
  if (files.some((file) => file.failure !== null)) return false;
  return delivery === null || (delivery.quarantined === 0 && delivery.pending === 0);
}

function replayOptions(
  files: string[],
  options: ReplayArguments,
  line: ProgressLine,
): ReplayOptions {
  const { zone, start: startText, format, person, strict } = options;
  const start = startText === undefined ? undefined : parseRfc3339(startText, zone);
  if (start !== undefined && 'problem' in start) {
    throw new InvalidArgumentError(`--start is ${start.problem}`);
  }
  return {
    files,
    context: {
      ...(zone === undefined ? {} : { zone }),
      ...(start === undefined ? {} : { start }),
    },
    ...(format === undefined ? {} : { format }),
    ...(person === undefined ? {} : { person }),
    strict,
    onProgress: (text) => {
      line.update(() => text);
    },
  };
}

async function runReplay(files: string[], options: ReplayArguments): Promise<void> {
  const line = new ProgressLine();
  const what = replayOptions(files, options, line);
  const report = options.dryRun ? await checkRecordings(what) : await deliver(what, options);
  line.clear();
  if (options.json) printJson(report);
  else {
    for (const file of report.files) for (const text of describeFile(file)) print(text);
    if (report.delivery !== null) print(describeDelivery(report.delivery));
  }
  if (!succeeded(report)) process.exitCode = EXIT.failed;
}

async function deliver(what: ReplayOptions, options: ReplayArguments): Promise<ReplayReport> {
  if (options.patient === undefined) {
    throw new InvalidArgumentError('--patient says whose readings these are');
  }
  const system = await readSystemFile(options.system);
  return replay(what, {
    patientId: patientNamed(system, options.patient),
    enrol: enrolmentAt(system),
    folder: stateFolder(system, 'replay'),
    patienceMs: options.patience,
  });
}

/** Add `replay` to the program. */
export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description('bring recordings of real devices to the ledger, as devices of a patient')
    .argument(
      '<file...>',
      'FIT, Apple Health export.xml, Open mHealth JSON, bedside CSV, Fitbit CSV',
    )
    .option('--patient <id|login>', 'whose readings they are')
    .option('--zone <name>', 'where the wearer was; for times without an offset', zoneArgument)
    .option('--start <time>', 'when a recording began that counts from its own start (RFC 3339)')
    .addOption(new Option('--format <name>', 'do not look at the content').choices(FORMATS))
    .option('--person <id>', 'take only the rows of this person, where a file names persons')
    .addOption(
      new Option('--strict', 'replay nothing of a file in which anything is refused').default(
        false,
      ),
    )
    .addOption(new Option('--lenient', 'replay what is valid (default)').conflicts('strict'))
    .option('--dry-run', 'read and report, send nothing', false)
    .option('--system <file>', 'coordinates of the running system', '.pulseledger/run/system.json')
    .addOption(
      new Option('--patience <duration>', 'give up after this time without an answer of the ledger')
        .argParser(durationArgument)
        .default(120_000, '2m'),
    )
    .option('--json', 'the report as one JSON line on stdout', false)
    .addHelpText(
      'after',
      `
A time zone offset that the recording states wins; --zone is for those that state none. Dates are
never guessed. Replaying the same file again adds nothing; an interrupted replay goes on.

Exit codes: 0 all valid readings are on the ledger, 1 a file was not replayed or not all readings
were committed, 2 wrong usage.

Examples:
  npm run simulate -- replay ride.fit --patient patient-ada --zone Europe/Paris
  npm run simulate -- replay export.xml --dry-run
  npm run simulate -- replay numerics.csv --patient patient-ada --start 2026-03-01T10:44:18 --zone Europe/Paris`,
    )
    .action(runReplay);
}

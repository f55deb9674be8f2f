import { type Command, InvalidArgumentError, Option } from 'commander';
import { backfill } from '../backfill/backfill.ts';
import { enrolmentAt } from '../device/enrolment.ts';
import { MAX_DEVICES } from '../fleet/fleet.ts';
import type { FleetTotals } from '../fleet/totals.ts';
import { EPISODE_PLANS, type EpisodeKind } from '../physiology/episodes.ts';
import { readSystemFile, stateFolder } from '../system-file.ts';
import { durationArgument, wholeArgument, zoneArgument } from './arguments.ts';
import { EXIT, ProgressLine, print, printJson } from './output.ts';

const MAX_DAYS = 31;
const MAX_SEED = 2 ** 32 - 1;
const MINUTE_MS = 60_000;
const PROGRESS_MS = 500;

interface BackfillArguments {
  readonly system: string;
  readonly devices: number;
  readonly seed: number;
  readonly days: number;
  readonly every: number;
  readonly zone: string;
  readonly ward?: number;
  readonly unwell: ReadonlyMap<number, EpisodeKind>;
  readonly outbox?: string;
  readonly patience: number;
  readonly json: boolean;
}

const HELP = `
Run it before "fleet" with the same --outbox and --seed: the same devices then measure on. What an
interrupted run has left is delivered by the same command again; devices that have their past get no other.

Exit codes: 0 the ledger has all of it, 1 not so or failed, 2 wrong usage.

Example:
  npm run simulate -- backfill --devices 24 --days 7 --unwell 0:desaturation,3:fever`;

function isKind(text: string): text is EpisodeKind {
  return Object.keys(EPISODE_PLANS).includes(text);
}

/** `0:desaturation,3:fever` */
function unwellArgument(text: string): ReadonlyMap<number, EpisodeKind> {
  return new Map(
    text.split(',').map((part) => {
      const [device = '', kind = ''] = part.split(':');
      if (/^\d+$/.test(device) && isKind(kind)) return [Number(device), kind];
      const kinds = Object.keys(EPISODE_PLANS).join(', ');
      throw new InvalidArgumentError(`expected e.g. 0:fever, with one of ${kinds}`);
    }),
  );
}

function intervalArgument(text: string): number {
  const value = durationArgument(text);
  if (value >= MINUTE_MS && value % MINUTE_MS === 0) return value;
  throw new InvalidArgumentError('expected whole minutes, e.g. 5m');
}

async function runBackfill(options: BackfillArguments): Promise<void> {
  const { devices, seed, days, every: everyMs, zone, unwell, patience: patienceMs } = options;
  const system = await readSystemFile(options.system);
  const line = new ProgressLine();
  let saidAtMs = 0;
  const startedAtMs = Date.now();
  const totals = await backfill({
    ...{ devices, seed, days, everyMs, zone, unwell, patienceMs },
    onTheWard: options.ward ?? devices,
    patients: system.patients.map(({ patientId }) => patientId),
    enrol: enrolmentAt(system),
    folder: options.outbox ?? stateFolder(system, 'simulator'),
    onProgress: (so) => {
      if (Date.now() - saidAtMs < PROGRESS_MS) return;
      saidAtMs = Date.now();
      if (options.json) printJson({ event: 'progress', ...amounts(so) });
      else line.update(() => `${amounts(so).answered} of ${amounts(so).all} chunks answered`);
    },
  });
  line.clear();
  const { committed, quarantined, pending } = totals;
  if (options.json) {
    printJson({ event: 'done', ...totals, durationMs: Date.now() - startedAtMs });
  } else {
    print(
      `${committed.readings} readings of ${devices} devices committed in ${committed.chunks} chunks, ` +
        `${quarantined.readings} quarantined, ${pending.readings} waiting.`,
    );
  }
  if (quarantined.chunks + pending.chunks > 0) process.exitCode = EXIT.failed;
}

function amounts(totals: FleetTotals): { answered: number; all: number; readings: number } {
  const { committed, quarantined, handedOver, resumed } = totals;
  return {
    answered: committed.chunks + quarantined.chunks,
    all: handedOver.chunks + resumed.chunks,
    readings: committed.readings,
  };
}

/** Add `backfill` to the program. */
export function addBackfillCommand(program: Command): void {
  program
    .command('backfill')
    .description('wearables that were out of reach for days bring what they have measured')
    .option('--system <file>', 'coordinates of the running system', '.pulseledger/run/system.json')
    .option('--devices <n>', 'wearables', wholeArgument(1, MAX_DEVICES), 10)
    .option('--seed <n>', 'same seed and time, same readings', wholeArgument(0, MAX_SEED), 1)
    .option('--days <n>', 'how far back', wholeArgument(1, MAX_DAYS), 7)
    .addOption(
      new Option('--every <duration>', 'between two samples of a signal, whole minutes')
        .argParser(intervalArgument)
        .default(5 * MINUTE_MS, '5m'),
    )
    .option('--zone <name>', 'where the wearers live', zoneArgument, 'Europe/Paris')
    .option(
      '--ward <n>',
      'so many wear it at night, too (default: all)',
      wholeArgument(0, MAX_DEVICES),
    )
    .option(
      '--unwell <list>',
      'who has an episode in the last minutes, e.g. 0:fever',
      unwellArgument,
      new Map<number, EpisodeKind>(),
    )
    .option('--outbox <folder>', 'keys and undelivered chunks (default: beside the ledger)')
    .option(
      '--patience <duration>',
      'give up after so long without an answer',
      durationArgument,
      60_000,
    )
    .option('--json', 'progress and totals on stdout, one JSON object a line', false)
    .addHelpText('after', HELP)
    .action(runBackfill);
}

import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { ATTACKS, type Attack } from '../attackers/attacks.ts';
import { FastClock } from '../clock.ts';
import { administrationAt } from '../device/enrolment.ts';
import { DAY_MS, FAULTS, type Fault, LONGEST_FAULTY_RUN_MS } from '../faults/fault-plan.ts';
import { type Fleet, type FleetOptions, MAX_DEVICES, startFleet } from '../fleet/fleet.ts';
import type { FleetTotals } from '../fleet/totals.ts';
import { readSystemFile, stateFolder } from '../system-file.ts';
import {
  durationArgument,
  namesArgument,
  numberArgument,
  wholeArgument,
  zoneArgument,
} from './arguments.ts';
import { EXIT, ProgressLine, print, printJson, say } from './output.ts';

const PROGRESS_MS = 1_000;
/** What a controlling process writes to stdin. */
const STOP_COMMAND = /^\s*\{\s*"command"\s*:\s*"stop"\s*\}\s*$/;
const MAX_SEED = 2 ** 32 - 1;

interface FleetArguments {
  readonly system: string;
  readonly devices: number;
  readonly seed: number;
  readonly window: number;
  readonly rate: number;
  readonly for?: number;
  readonly zone: string;
  readonly outbox?: string;
  readonly truth?: string;
  readonly drain: number;
  readonly speed: number;
  readonly faults: ReadonlySet<Fault>;
  readonly faultDay?: number;
  readonly attackers: ReadonlySet<Attack>;
  readonly controlled: boolean;
  readonly json: boolean;
}

/** When the run shall end: time over, a signal, or the word of the controlling process. */
class StopRequest {
  readonly stopped: Promise<void>;
  readonly #options: FleetArguments;
  readonly #resolve: () => void;
  #timer: NodeJS.Timeout | undefined;
  #signals = 0;

  constructor(options: FleetArguments) {
    let stop = (): void => undefined;
    this.stopped = new Promise((resolve) => {
      stop = resolve;
    });
    this.#resolve = stop;
    this.#options = options;
    process.on('SIGINT', this.#signalled);
    process.on('SIGTERM', this.#signalled);
    if (options.controlled) {
      const lines = createInterface({ input: process.stdin });
      lines.on('line', (line) => {
        if (STOP_COMMAND.test(line)) stop();
      });
      lines.on('close', stop);
    }
  }

  /** Measuring begins: from now on the time counts. */
  started(): void {
    const { for: lengthMs } = this.#options;
    if (lengthMs !== undefined) this.#timer = setTimeout(this.#resolve, lengthMs);
  }

  readonly #signalled = (): void => {
    this.#signals += 1;
    if (this.#signals > 1) process.exit(EXIT.interrupted);
    this.#resolve();
  };

  /** Let the process end. */
  dispose(): void {
    clearTimeout(this.#timer);
    if (this.#options.controlled) process.stdin.destroy();
    process.off('SIGINT', this.#signalled);
    process.off('SIGTERM', this.#signalled);
  }
}

/** Counts of readings, and the same as chunks. */
function progress(totals: FleetTotals): Record<string, number | Record<string, number>> {
  const chunks = {
    handedOver: totals.handedOver.chunks,
    committed: totals.committed.chunks,
    quarantined: totals.quarantined.chunks,
    pending: totals.pending.chunks,
  };
  return {
    chunks,
    handedOver: totals.handedOver.readings,
    published: totals.published.readings,
    acknowledged: totals.committed.readings,
    quarantined: totals.quarantined.readings,
    pending: totals.pending.readings,
  };
}

async function fleetOptions(options: FleetArguments): Promise<FleetOptions> {
  const system = await readSystemFile(options.system);
  const lengthMs = (options.for ?? 0) * options.speed;
  const { enrol, revoke } = administrationAt(system);
  return {
    devices: options.devices,
    seed: options.seed,
    windowSeconds: options.window / 1_000,
    rate: options.rate,
    zone: options.zone,
    patients: system.patients.map((patient) => patient.patientId),
    enrol,
    folder: options.outbox ?? stateFolder(system, 'simulator'),
    ...(options.truth === undefined ? {} : { truthFile: options.truth }),
    faults: { kinds: options.faults, dayMs: options.faultDay ?? (lengthMs || DAY_MS) },
    attackers: { kinds: options.attackers, revoke },
    ...(options.speed === 1 ? {} : { clock: new FastClock(Date.now() - lengthMs, options.speed) }),
  };
}

async function finish(fleet: Fleet, options: FleetArguments, startedAtMs: number): Promise<void> {
  fleet.stopMeasuring();
  if (options.json) printJson({ event: 'flushed', ...progress(fleet.totals()) });
  const drained = await fleet.drain(options.drain);
  const totals = fleet.totals();
  const attacks = fleet.attacks();
  await fleet.close();
  const { devices, seed, rate } = options;
  const windowSeconds = options.window / 1_000;
  const durationMs = Date.now() - startedAtMs;
  if (options.json) {
    if (drained) printJson({ event: 'drained', ...progress(totals) });
    printJson({
      event: 'done',
      drained,
      seed,
      devices,
      windowSeconds,
      rate,
      ...totals,
      attacks,
      durationMs,
    });
  } else {
    const { handedOver, resumed, committed, quarantined, pending, commitLatencyMs } = totals;
    print(
      `${handedOver.readings + resumed.readings} readings handed over, ` +
        `${committed.readings} committed, ${quarantined.readings} quarantined, ` +
        `${pending.readings} waiting; window closed to ledger acknowledgement: ` +
        (commitLatencyMs === null
          ? 'none yet'
          : `median ${commitLatencyMs.p50} ms, 99 % within ${commitLatencyMs.p99} ms`),
    );
  }
  const undone = Object.entries(attacks).filter(([, { done }]) => !done);
  if (undone.length > 0) {
    say(`attacks not carried out: ${undone.map(([name]) => name).join(', ')}`);
    process.exitCode = EXIT.failed;
  }
  if (totals.pending.chunks > 0) {
    say(
      `${totals.pending.chunks} chunks wait in the outbox for the ledger: ` +
        'start again with the same --outbox to deliver them',
    );
    process.exitCode = EXIT.failed;
  }
}

/** Say how far it is, until the request to stop. */
async function measureUntil(request: StopRequest, fleet: Fleet, json: boolean): Promise<void> {
  if (json) printJson({ event: 'started', atMs: Date.now(), faultScale: fleet.faultScale });
  else say('measuring; Ctrl-C stops, delivers what is measured, and ends');
  const line = new ProgressLine();
  const ticker = setInterval(() => {
    const { handedOver, committed } = fleet.totals();
    if (json) {
      const commitLatencyMs = fleet.recentLatency();
      printJson({ event: 'progress', ...progress(fleet.totals()), commitLatencyMs });
    } else line.update(() => `${handedOver.readings} handed over, ${committed.readings} committed`);
  }, PROGRESS_MS);
  request.started();
  await request.stopped;
  clearInterval(ticker);
  line.clear();
}

async function runFleet(options: FleetArguments): Promise<void> {
  const request = new StopRequest(options);
  try {
    const startedAtMs = Date.now();
    const { devices, json } = options;
    const fleet = await startFleet({
      ...(await fleetOptions(options)),
      onEnrolled: () => {
        if (json) printJson({ event: 'enrolled', devices });
        else say(`${devices} devices enrolled`);
      },
    });
    await measureUntil(request, fleet, json);
    await finish(fleet, options, startedAtMs);
  } finally {
    request.dispose();
  }
}

const HELP = `
Exit codes: 0 the ledger has answered for every reading, 1 not so or failed, 2 wrong usage.
A first Ctrl-C stops measuring and delivers; a second ends at once and keeps the outbox.

Faults follow from the seed: a plan of a day for every device and fault by itself. With --for a whole day
of it passes in the run (60 s: 1440 times as fast, so four hours offline take ten seconds); the event
"started" says how fast. Attackers are devices of their own beside the fleet. The truth file says of
everything that is handed over or tried what must become of it.

Example:
  npm run simulate -- fleet --devices 50 --for 20s --window 10s --json
  npm run simulate -- fleet --for 60s --faults offline,reboot --attackers forged,flood`;

/** Add `fleet` to the program. */
export function addFleetCommand(program: Command): void {
  program
    .command('fleet')
    .description('simulated wearables that measure, sign and publish until they are stopped')
    .option('--system <file>', 'coordinates of the running system', '.pulseledger/run/system.json')
    .option('--devices <n>', 'wearables', wholeArgument(1, MAX_DEVICES), 10)
    .option('--seed <n>', 'same seed and clock, same readings', wholeArgument(0, MAX_SEED), 1)
    .addOption(
      new Option('--window <duration>', 'readings of this time make a chunk')
        .argParser(durationArgument)
        .default(60_000, '60s'),
    )
    .option('--rate <hz>', 'samples a second of each of five signals', numberArgument(0.1, 10), 1)
    .option('--for <duration>', 'stop measuring after this time', durationArgument)
    .option('--zone <name>', 'where the wearers live', zoneArgument, 'Europe/Paris')
    .option('--outbox <folder>', 'keys and undelivered chunks (default: beside the ledger)')
    .option('--truth <file>', 'append what really happened, one JSON object a line')
    .option(
      '--drain <duration>',
      'longest wait for the ledger at the end',
      durationArgument,
      60_000,
    )
    .option(
      '--speed <n>',
      'simulated time runs n times as fast, needs --for',
      numberArgument(1, 10_000),
      1,
    )
    .addOption(
      new Option('--faults <names>', `what goes wrong: all, none, or some of ${FAULTS.join(', ')}`)
        .argParser(namesArgument(FAULTS))
        .default(new Set<Fault>(), 'none'),
    )
    .addOption(
      new Option('--attackers <names>', `who attacks: all, none, or some of ${ATTACKS.join(', ')}`)
        .argParser(namesArgument(ATTACKS))
        .default(new Set<Attack>(), 'none'),
    )
    .option(
      '--fault-day <duration>',
      "a day of the faults' plan passes in this time (default: the length of the run)",
      durationArgument,
    )
    .option('--controlled', 'stop at {"command":"stop"} on stdin, or at its end', false)
    .option('--json', 'events on stdout, one JSON object a line, totals last', false)
    .addHelpText('after', HELP)
    .action(async (options: FleetArguments, command: Command) => {
      if (options.speed !== 1 && options.for === undefined) {
        command.error('error: --speed needs --for, so that no reading lies in the future', {
          exitCode: EXIT.usage,
        });
      }
      const lengthMs = (options.for ?? 0) * options.speed;
      if (options.faults.size > 0 && lengthMs > LONGEST_FAULTY_RUN_MS) {
        command.error('error: with --faults, --for times --speed is a week at most', {
          exitCode: EXIT.usage,
        });
      }
      await runFleet(options);
    });
}

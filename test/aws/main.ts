import { Command, Option } from 'commander';
import { endProcess, tolerateClosedOutput } from '../../local/src/closed-output.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import { LEFT_OUT } from './bridges.ts';
import { CHECKS } from './checks.ts';
import { withDeployment } from './deployment.ts';
import { AwsTestFailure, EXIT } from './failure.ts';
import { asText, type Report, seen } from './report.ts';

const HELP = `
Deploys the dev environment to an emulated AWS account on this machine (ministack, which the command installs into
a virtual environment below .cache) with the CDK's own command line, and uses it: a wearable publishes over MQTT with
its certificate, the topic rule, the queue and the very bundle of the ingest function bring the reading to a ledger
that runs here, and a doctor reads it through the HTTP API. docs/DEPLOY.md says what is bridged.

Needed: Python 3.11 or later with venv and pip; pip's package index at the first run. Only addresses of this machine
are opened. Progress is said on standard error; Ctrl-C ends everything that was started.

Exit codes:
  0  everything was seen
  1  something was not as it should be; the message says what
  2  wrong usage
  3  the emulator cannot be installed or started
  130  interrupted

Examples:
  npm run test:aws
  FABRIC_BIN=/opt/fabric/bin npm run test:aws -- --json`;

interface Options {
  readonly network: NetworkKind;
  readonly json: boolean;
}

/** Says what begins, and after how many seconds. */
function progress(): (text: string) => void {
  const startMs = performance.now();
  return (text) => {
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
}

/** Ends what is under way at the first Ctrl-C; a second one does not wait. */
function interruption(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller;
}

async function test({ network, json }: Options): Promise<number> {
  const { signal } = interruption();
  const say = progress();
  try {
    const report: Report = await withDeployment({ network, signal, say }, async (deployment) => {
      const checks = [];
      for (const check of CHECKS) {
        signal.throwIfAborted();
        checks.push(await seen(check, deployment, signal));
        say(`${checks.at(-1)?.failure === undefined ? 'seen' : 'NOT SEEN'}: ${check.behaviour}`);
      }
      return { network, checks, leftOut: LEFT_OUT.map(({ type }) => type) };
    });
    process.stdout.write(`${json ? JSON.stringify(report) : asText(report)}\n`);
    return report.checks.every(({ failure }) => failure === undefined) ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (signal.aborted) {
      say('interrupted; everything that was started has ended');
      return EXIT.interrupted;
    }
    process.stderr.write(`${wordsOf(error)}\n`);
    return error instanceof AwsTestFailure ? error.exitCode : EXIT.failed;
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof AwsTestFailure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const usual: NetworkKind = process.env['FABRIC_BIN'] === undefined ? 'devnet' : 'fabric';
const command = new Command('npm run test:aws --')
  .description(
    'Deploys dev to an emulated AWS account, and reads a reading that a device has sent.',
  )
  .addOption(
    new Option('--network <kind>', 'the ledger; fabric needs FABRIC_BIN')
      .choices(['devnet', 'fabric'])
      .default(usual),
  )
  .option('--json', 'the report as one JSON object on standard output', false)
  .addHelpText('after', HELP)
  .showHelpAfterError('(--help shows what is possible)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.usage))
  .parse();

tolerateClosedOutput();
await endProcess(await test(command.opts<Options>()));

import { Identifier } from '@pulseledger/domain';
import { Command, InvalidArgumentError } from 'commander';
import { readCoordinates } from '../command/access.ts';
import { print, runCommand, SYSTEM_FILE } from '../command/run.ts';
import { Api, ApiAccess } from './api.ts';
import { deviceList, deviceReport } from './presentation.ts';

const HELP = `
What the ledger knows about the completeness of devices' readings: sequence numbers that are missing
between recorded ones, when a device was last heard of, and how far off its clock is. No reading is shown.

contact   current: something was recorded within 15 minutes; late: longer ago; none: never
missing   pending: chunks of this boot came lately, the missing ones may still be on their way; late: not so
clock     from the end of a measurement to its receipt: the time until it was sent is in it; ahead: the
          device's clock runs before ours

An administrator sees all devices of the own organization. With --device also a patient sees the own one,
and who treats the patient (--login).

Exit codes:
  0  done
  1  something failed; the message says what
  2  wrong usage
  3  no system is running there
  4  not entitled
  5  there is no such device, or none that this login may see

Examples:
  npm run devices -- gaps
  npm run devices -- gaps --device 0123456789abcdef0123456789abcdef --login hospital-doctor
  npm run devices -- gaps --json`;

interface Options {
  readonly device?: string;
  readonly login: string;
  readonly system: string;
  readonly json: boolean;
}

async function gaps({ device, login, system, json }: Options): Promise<void> {
  const api = new Api(await readCoordinates(system, ApiAccess), system, login);
  await api.logIn();
  if (device === undefined) {
    const devices = await api.allGaps();
    print(json ? JSON.stringify({ devices }) : deviceList(devices));
  } else {
    const report = await api.gapsOf(device);
    print(json ? JSON.stringify(report) : deviceReport(report));
  }
}

function identifier(text: string): string {
  if (Identifier.safeParse(text).success) return text;
  throw new InvalidArgumentError('A device id is 32 lower-case hex digits.');
}

function command(): Command {
  const program = new Command('npm run devices --')
    .description('The devices of the running system: what is missing of their readings.')
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('afterAll', HELP);
  program
    .command('gaps')
    .description('what is missing, of all devices or of one')
    .option('--device <id>', 'only this device, with its ranges', identifier)
    .option('--login <user>', 'test login to ask as', 'administrator')
    .option('--system <file>', 'coordinates of the running system', SYSTEM_FILE)
    .option('--json', 'one JSON object on stdout', false)
    .action(gaps);
  return program;
}

await runCommand(command());

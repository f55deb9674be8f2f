import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Identifier, QUARANTINE_REASONS, type QuarantineReason } from '@pulseledger/domain';
import { MAX_ENTRIES, Quarantine } from '@pulseledger/lambdas/ingest/quarantine';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { tolerateClosedOutput } from '../closed-output.ts';
import { CHECKOUT } from '../supervisor/checkout.ts';
import { dataFolder } from '../supervisor/data-folder.ts';
import { readAccess } from './access.ts';
import { CommandFailure, EXIT, queueFailure } from './failure.ts';
import { listing, redriven } from './presentation.ts';

const SYSTEM_FILE = dataFolder(join(CHECKOUT, '.pulseledger')).systemFile;

const HELP = `
Messages of devices that cannot be recorded are kept in the quarantine for 14 days, each with its reason
(docs/ERRORS.md says what to do about each). Once the cause is gone, redrive sends them through ingest
again. That is harmless to repeat: what is on the ledger is not recorded twice, and what still cannot be
recorded comes back with its reason. Nothing that was measured is shown.

Up to ${MAX_ENTRIES.toLocaleString('en-US')} messages are looked at in one call. While a call works it keeps them from other calls; when it
is interrupted they come back after 2 minutes.

Exit codes:
  0  done, also when nothing was there
  1  something failed; the message says what
  2  wrong usage, such as an unknown reason
  3  no system is running there
  4  not entitled: the system file belongs to another user, or to another start of the system

Examples:
  npm run quarantine -- list
  npm run quarantine -- redrive --reason unknown_device
  npm run quarantine -- list --system DATA/run/system.json --json`;

interface Options {
  readonly reason?: QuarantineReason;
  readonly device?: string;
  readonly system: string;
  readonly json: boolean;
}

/** Lends the quarantine of the running system for one piece of work. @throws CommandFailure */
async function withQuarantine<T>(
  systemFile: string,
  work: (quarantine: Quarantine, ingestQueueUrl: string) => Promise<T>,
): Promise<T> {
  const access = await readAccess(systemFile);
  const { region, endpoint, accessKeyId, secretAccessKey, quarantineQueueUrl } = access;
  const client = new SQSClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
  try {
    const quarantine = new Quarantine({ client, queueUrl: quarantineQueueUrl });
    return await work(quarantine, access.ingestQueueUrl);
  } catch (error) {
    throw queueFailure(systemFile, error);
  } finally {
    client.destroy();
  }
}

async function list({ system, json, reason, device }: Options): Promise<void> {
  const all = await withQuarantine(system, (quarantine) => quarantine.list());
  const isWhole = all.length < MAX_ENTRIES;
  const entries = all.filter(
    (entry) =>
      (reason ?? entry.reason) === entry.reason && (device ?? entry.deviceId) === entry.deviceId,
  );
  print(json ? JSON.stringify({ entries, isWhole }) : listing(entries, isWhole));
}

async function redrive({ system, json, reason, device }: Options): Promise<void> {
  const count = await withQuarantine(system, (quarantine, ingestQueueUrl) =>
    quarantine.redrive(ingestQueueUrl, { reason, deviceId: device }),
  );
  print(json ? JSON.stringify({ redriven: count }) : redriven(count));
}

function identifier(text: string): string {
  if (Identifier.safeParse(text).success) return text;
  throw new InvalidArgumentError('A device id is 32 lower-case hex digits.');
}

function addAction(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(
      new Option('--reason <reason>', 'only messages with this reason').choices(QUARANTINE_REASONS),
    )
    .option('--device <id>', 'only messages of this device', identifier)
    .option('--system <file>', 'coordinates of the running system', SYSTEM_FILE)
    .option('--json', 'one JSON object on stdout', false);
}

function command(): Command {
  const program = new Command('npm run quarantine --')
    .description('The quarantine of the running system: what could not be recorded, and why.')
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('afterAll', HELP);
  addAction(program, 'list', 'show what is in the quarantine, oldest first').action(list);
  addAction(program, 'redrive', 'send messages through ingest again').action(redrive);
  return program;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function exitCodeOf(error: unknown): number {
  // Commander has said on stderr what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  return EXIT.failed;
}

tolerateClosedOutput();
try {
  await command().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

import { setTimeout as delay } from 'node:timers/promises';
import { Identifier, QUARANTINE_REASONS, type QuarantineReason } from '@pulseledger/domain';
import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, noSuchMessage } from '../command/failure.ts';
import { print, runCommand, SYSTEM_FILE } from '../command/run.ts';
import { details, listing, progressed, redriven } from './presentation.ts';
import { deployedQueues, localQueues } from './queues.ts';
import type { Place } from './stranded-message.ts';
import { HELD_SECONDS, MAX_LISTED, type Redrive, StrandedQueue } from './stranded-queue.ts';

const PROGRESS_MS = 2_000;

const HELP = `
Messages of devices that cannot be recorded are kept in the quarantine for 14 days, each with its reason
(docs/ERRORS.md says what to do about each). Once the cause is gone, redrive sends them through ingest
again. That is harmless to repeat: what is on the ledger is not recorded twice, and what still cannot be
recorded comes back with its reason, counted as redriven once more. Nothing that was measured is shown.

With --dlq the same is done for the dead-letter queue: messages that ingest could not bring to an end in
several tries, mostly because the network was away for long.

list and show look at the first ${MAX_LISTED.toLocaleString('en-US')} messages, redrive at all. Messages that are looked at are kept from
other calls until the call ends; when it is killed they come back after ${HELD_SECONDS} s. Ctrl-C ends a redrive
after the messages under way; the same command goes on with the rest.

With --env the queues of that environment are meant, with the credentials and the region of the AWS CLI (AWS_PROFILE,
AWS_REGION); whoever may redrive there needs sqs:SendMessage for the ingest queue and its key.

Exit codes:
  0  done, also when nothing was there
  1  something failed; the message says what
  2  wrong usage, such as an unknown reason
  3  no system is running there; no such environment in the account
  4  not entitled: the system file belongs to another user, or to another start of the system; AWS refuses
  5  there is no such message (show)
  130  interrupted; what was done stays done

Examples:
  npm run quarantine -- list
  npm run quarantine -- show 8d9a8f6e-0d0c-4a3e-9d6c-0a1f3b7c2e11
  npm run quarantine -- redrive --reason unknown_device
  npm run quarantine -- redrive --dlq
  npm run quarantine -- list --system DATA/run/system.json --json
  npm run quarantine -- redrive --dlq --env dev --profile operations`;

interface Options {
  readonly reason?: QuarantineReason;
  readonly device?: string;
  readonly dlq: boolean;
  readonly system: string;
  /** Environment on AWS instead of a system here. */
  readonly env?: string;
  readonly profile?: string;
  readonly json: boolean;
}

function placeOf({ dlq }: Options): Place {
  return dlq ? 'dead-letters' : 'quarantine';
}

/** Lends the quarantine or the dead letters for one piece of work. @throws CommandFailure */
async function withQueue<T>(
  options: Options,
  work: (queue: StrandedQueue, ingestQueueUrl: string) => Promise<T>,
): Promise<T> {
  const { env, profile, system, dlq } = options;
  const queues = env === undefined ? localQueues(system) : deployedQueues(env, profile);
  const { client, quarantineUrl, deadLetterUrl, ingestUrl, explain } = await queues;
  const queueUrl = dlq ? deadLetterUrl : quarantineUrl;
  try {
    const queue = new StrandedQueue({ client, queueUrl, place: placeOf(options) });
    return await work(queue, ingestUrl);
  } catch (error) {
    throw explain(error);
  } finally {
    client.destroy();
  }
}

async function list(options: Options): Promise<void> {
  const { json, reason, device } = options;
  const { entries, isWhole } = await withQueue(options, (queue) =>
    queue.list({ reason, deviceId: device }),
  );
  const facts = entries.map((entry) => entry.facts);
  print(
    json ? JSON.stringify({ entries: facts, isWhole }) : listing(placeOf(options), facts, isWhole),
  );
}

async function show(id: string, options: Options): Promise<void> {
  const { entries } = await withQueue(options, (queue) => queue.list({}));
  const message = entries.find((entry) => entry.id === id);
  if (message === undefined) throw noSuchMessage(id);
  const { facts, content } = message;
  print(options.json ? JSON.stringify({ ...facts, content }) : details(facts, content));
}

async function redrive(options: Options): Promise<void> {
  const { json, reason, device } = options;
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
  });
  let latest: Redrive = { redriven: 0, copies: 0, left: 0 };
  const ended = new AbortController();
  const progress = sayProgress(() => latest, ended.signal);
  const done = await withQueue(options, (queue, ingestQueueUrl) =>
    queue.redrive({
      ingestQueueUrl,
      filter: { reason, deviceId: device },
      signal: interrupted.signal,
      onProgress: (redriveSoFar) => {
        latest = redriveSoFar;
      },
    }),
  ).finally(() => {
    ended.abort();
  });
  await progress;
  const isInterrupted = interrupted.signal.aborted;
  print(json ? JSON.stringify({ ...done, isInterrupted }) : redriven(done, isInterrupted));
  if (isInterrupted) process.exitCode = EXIT.interrupted;
}

/** On stderr, until it is over: a redrive of many messages takes its time. */
async function sayProgress(latest: () => Redrive, ended: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await delay(PROGRESS_MS, undefined, { signal: ended, ref: false });
    } catch {
      return;
    }
    process.stderr.write(`${progressed(latest())}\n`);
  }
}

function identifier(text: string): string {
  if (Identifier.safeParse(text).success) return text;
  throw new InvalidArgumentError('A device id is 32 lower-case hex digits.');
}

function addAction(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--dlq', 'the dead-letter queue instead of the quarantine', false)
    .option('--system <file>', 'coordinates of the running system', SYSTEM_FILE)
    .option('--env <name>', 'an environment on AWS instead: dev, staging or prod')
    .option('--profile <name>', 'with --env: profile of the AWS CLI')
    .option('--json', 'one JSON object on stdout', false);
}

function addFilter(action: Command): Command {
  return action
    .addOption(
      new Option('--reason <reason>', 'only messages with this reason').choices(QUARANTINE_REASONS),
    )
    .option('--device <id>', 'only messages of this device', identifier);
}

function command(): Command {
  const program = new Command('npm run quarantine --')
    .description(
      'The quarantine of the running system, or of an environment on AWS: what could not be recorded, and why.',
    )
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('afterAll', HELP);
  addFilter(addAction(program, 'list', 'what is there, by reason and device, oldest first')).action(
    list,
  );
  addAction(program, 'show', 'one message: who, when, why, of which kinds; no value')
    .argument('<id>', 'as list shows it')
    .action(show);
  addFilter(addAction(program, 'redrive', 'send messages through ingest again')).action(redrive);
  return program;
}

await runCommand(command());

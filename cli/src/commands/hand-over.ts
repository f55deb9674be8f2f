/** Verbs that hand over to programs of the other folders, with all their arguments. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CHECKOUT } from '../base/checkout.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT, type ExitCode } from '../base/failure.ts';

interface HandOver {
  readonly name: string;
  readonly description: string;
  /** Program of the checkout, and its first arguments. */
  readonly script: string;
  readonly first?: readonly string[];
  /** Put in front when no verb was given. */
  readonly usual?: string;
  /** It takes `--system`. */
  readonly asksSystem: boolean;
  readonly examples: readonly string[];
}

const HAND_OVERS: readonly HandOver[] = [
  {
    name: 'replay',
    description: 'bring recordings of real devices to the ledger; goes on where it was interrupted',
    script: 'device-simulator/src/main.ts',
    first: ['replay'],
    asksSystem: true,
    examples: ['replay cli/examples/heart-rate.json --patient patient-ada --zone Europe/Paris'],
  },
  {
    name: 'devices',
    description: 'what is missing of the readings of devices, and how far off their clocks are',
    script: 'local/src/devices-command/main.ts',
    usual: 'gaps',
    asksSystem: true,
    examples: ['devices gaps', 'devices gaps --json'],
  },
  {
    name: 'quarantine',
    description: 'what could not be recorded, and why: list, show, redrive',
    script: 'local/src/quarantine-command/main.ts',
    asksSystem: true,
    examples: ['quarantine list', 'quarantine redrive --reason unknown_device'],
  },
  {
    name: 'network',
    description: 'the native Hyperledger Fabric network: up, down, status, add-peer, snapshot, …',
    script: 'network/fabric/src/main.ts',
    asksSystem: false,
    examples: ['network status --help'],
  },
];

export function addHandOvers(program: Command): void {
  for (const handOver of HAND_OVERS) {
    const command = program
      .command(handOver.name)
      .description(handOver.description)
      .argument('[arguments...]', `"npx pulse ${handOver.name} VERB --help" shows them all`)
      .allowUnknownOption()
      .passThroughOptions();
    withExamples(command, handOver.examples).action(async (given: string[]) => {
      process.exitCode = await run(handOver, given);
    });
  }
}

async function run(
  { script, first = [], usual, asksSystem }: HandOver,
  given: string[],
): Promise<ExitCode> {
  const verbless = given[0]?.startsWith('-') ?? true;
  const asked = usual !== undefined && verbless ? [usual, ...given] : given;
  const system = process.env['PULSE_SYSTEM'];
  const isOpen = asksSystem && asked.length > 0 && !given.includes('--system');
  const where = system !== undefined && isOpen ? ['--system', system] : [];
  const args = [join(CHECKOUT, script), ...first, ...asked, ...where];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child, too; twice would mean "at once" there.
  const isTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  process.on('SIGINT', () => {
    if (!isTerminal) child.kill('SIGINT');
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code, signal] = await ended(child);
  return exitCodeOf(code, signal, asksSystem);
}

function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  const { promise, resolve, reject } =
    Promise.withResolvers<[number | null, NodeJS.Signals | null]>();
  child.on('error', reject);
  child.on('exit', (code, signal) => {
    resolve([code, signal]);
  });
  return promise;
}

/** The programs have finer codes for what failed; 3 has another meaning there, and without a system 4 has, too. */
function exitCodeOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  asksSystem: boolean,
): ExitCode {
  if (signal === 'SIGINT' || code === EXIT.interrupted) return EXIT.interrupted;
  if (code === EXIT.ok || code === EXIT.usage) return code;
  return code === EXIT.notAllowed && asksSystem ? EXIT.notAllowed : EXIT.failed;
}

import { resolve } from 'node:path';
import { Command } from 'commander';
import { ChaincodeServiceError } from '../../chaincode-service/src/index.ts';
import { DaemonError, startDaemon, stopDaemon } from './daemon.ts';
import { DataFolderError, prepareDataFolder } from './data-folder.ts';
import { PortTakenError } from './ports.ts';
import { findPrograms, MissingProgramsError } from './programs.ts';
import { NotReadyError } from './readiness.ts';
import { AlreadyRunningError, runNetwork } from './run.ts';
import { runningPid } from './run-file.ts';
import { ProgramError } from './run-program.ts';
import { type NetworkStatus, type NodeStatus, networkStatus } from './status.ts';

const EXIT = { fine: 0, failed: 1, notRunning: 3, programsMissing: 4, portTaken: 5 } as const;
const DATA_HELP = 'folder of keys, ledger, configuration and logs';
const DEFAULT_DATA = resolve(import.meta.dirname, '../../../.pulseledger/fabric');

const HELP = `
Exit codes:
  0  done; for status: everything is up
  1  failed, or for status: something is down
  3  status: the network is not running
  4  programs of Hyperledger Fabric are missing (FABRIC_BIN, then PATH, are searched)
  5  a port that the network keeps is taken by another program

Below the data folder: keys/ (private), ledger/, run/ (configuration, logs, connection-profile.json).`;

interface CommonOptions {
  readonly data: string;
  readonly json?: boolean;
}

function toPath(text: string): string {
  return resolve(text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function up({ data, json }: CommonOptions): Promise<void> {
  findPrograms();
  await prepareDataFolder(data);
  const before = await runningPid(data);
  if (before !== undefined) {
    const { profile } = await networkStatus(data);
    const answer = { ready: true, alreadyRunning: true, pid: before, profile };
    print(json === true ? JSON.stringify(answer) : `Runs already (process ${before}).`);
    return;
  }
  const ready = await startDaemon(data, note);
  if (json === true) {
    print(JSON.stringify({ ...ready, alreadyRunning: false }));
    return;
  }
  print(`The network is up after ${(ready.readyMs / 1000).toFixed(1)} s (process ${ready.pid}).`);
  print(`Connection profile: ${ready.profile}`);
}

async function down({ data, json, wipe }: CommonOptions & { wipe?: boolean }): Promise<void> {
  const wasRunning = await stopDaemon(data, wipe === true);
  if (json === true) print(JSON.stringify({ stopped: wasRunning, wiped: wipe === true }));
  else print(wasRunning ? 'The network is stopped.' : 'The network was not running.');
}

function describeNode(node: NodeStatus): string {
  const extra = node.height === undefined ? '' : `  ${node.height} blocks`;
  const leader = node.leader === true ? '  leader' : '';
  return `${node.up ? 'up  ' : 'DOWN'}  ${node.name.padEnd(36)} ${node.endpoint}${extra}${leader}`;
}

function describeStatus(status: NetworkStatus): string {
  if (!status.running) return 'The network is not running.';
  const head = `Channel ${status.channel}, process ${String(status.pid)}`;
  return [head, ...status.nodes.map(describeNode)].join('\n');
}

async function status({ data, json }: CommonOptions): Promise<void> {
  const found = await networkStatus(data);
  print(json === true ? JSON.stringify(found) : describeStatus(found));
  if (!found.running) process.exitCode = EXIT.notRunning;
  else if (found.nodes.length === 0 || found.nodes.some((node) => !node.up)) {
    process.exitCode = EXIT.failed;
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof MissingProgramsError) return EXIT.programsMissing;
  if (error instanceof PortTakenError) return EXIT.portTaken;
  if (error instanceof DaemonError) return error.exitCode;
  return EXIT.failed;
}

/** Errors that say all there is to say; of others the origin is worth knowing. */
const EXPLAINED = [
  MissingProgramsError,
  PortTakenError,
  DaemonError,
  AlreadyRunningError,
  DataFolderError,
  NotReadyError,
  ProgramError,
  ChaincodeServiceError,
];

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExplained = EXPLAINED.some((type) => error instanceof type);
  return isExplained ? error.message : (error.stack ?? error.message);
}

const program = new Command('network')
  .description('A native Hyperledger Fabric network on this machine, without Docker.')
  .addHelpText('after', HELP);

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--data <dir>', DATA_HELP, toPath, DEFAULT_DATA)
    .option('--json', 'one JSON object on stdout instead of text');
}

command('up', 'start the network as a daemon and wait until it is usable').action(up);
command('down', 'stop it')
  .option('--wipe', 'also delete the ledger; keys and ports stay')
  .action(down);
command('status', 'show every node').action(status);
program
  .command('run')
  .description('run it in the foreground; ends with SIGTERM, Ctrl-C or the parent process')
  .option('--data <dir>', DATA_HELP, toPath, DEFAULT_DATA)
  .option('--daemon', 'outlive the process that started it')
  .action(async ({ data, daemon }: { data: string; daemon?: boolean }) => {
    await runNetwork(data, daemon === true);
  });

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  note(explain(error));
  process.exit(exitCodeOf(error));
}

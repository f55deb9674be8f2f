import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ChaincodeServiceError } from '../../chaincode-service/src/index.ts';
import { NoOrdererError } from './channel/administrator.ts';
import { down, status, up } from './cli/basic-commands.ts';
import {
  addNode,
  addOrganization,
  deploy,
  renew,
  resume,
  revoke,
  setNode,
} from './cli/change-commands.ts';
import { type CommonOptions, EXIT, note } from './cli/output.ts';
import { provision } from './cli/provision.ts';
import { restore, snapshot } from './cli/snapshot-commands.ts';
import { ControlError, NetworkNotRunningError } from './control/client.ts';
import { DaemonError } from './daemon.ts';
import { DataFolderError } from './data-folder.ts';
import { UnknownNodeError } from './nodes.ts';
import { PortTakenError } from './ports.ts';
import { MissingProgramsError } from './programs.ts';
import { NotReadyError } from './readiness.ts';
import { AlreadyRunningError, runNetwork } from './run.ts';
import { ProgramError } from './run-program.ts';
import { SnapshotError } from './snapshot/restore-marker.ts';
import { StateError } from './state.ts';
import { OperationError } from './verbs/verb-context.ts';

const DATA_HELP = 'folder of keys, ledger, configuration and logs';
const DEFAULT_DATA = resolve(import.meta.dirname, '../../../.pulseledger/fabric');
const DEFAULT_RENEWAL_DAYS = 30;

const HELP = `
Exit codes:
  0  done; for status: everything is up
  1  failed, or for status: something is down
  3  the network is not running
  4  programs of Hyperledger Fabric are missing (FABRIC_BIN, then PATH, are searched)
  5  a port that the network keeps is taken by another program

Below the data folder: keys/ (private), ledger/, run/ (configuration, logs, connection-profile.json,
metrics-targets.json for Prometheus). A change that was cut off is finished by the next up, by the same
command again, or by resume.`;

function exitCodeOf(error: unknown): number {
  if (error instanceof MissingProgramsError) return EXIT.programsMissing;
  if (error instanceof PortTakenError) return EXIT.portTaken;
  if (error instanceof NetworkNotRunningError) return EXIT.notRunning;
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
  ControlError,
  NoOrdererError,
  OperationError,
  SnapshotError,
  StateError,
  UnknownNodeError,
];

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExplained = EXPLAINED.some((type) => error instanceof type);
  return isExplained ? error.message : (error.stack ?? error.message);
}

const program = new Command('network')
  .description('A native Hyperledger Fabric network on this machine, without Docker.')
  .addHelpText('after', HELP);

function toPath(text: string): string {
  return resolve(text);
}

function toDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days > 0) return days;
  throw new InvalidArgumentError('a number of days, 1 or more');
}

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--data <dir>', DATA_HELP, toPath, DEFAULT_DATA)
    .option('--json', 'one JSON object on stdout instead of text');
}

const consensus = new Option(
  '--consensus <kind>',
  'how orderers agree, chosen once: raft (crashes) or bft (also lies; four orderers)',
).choices(['raft', 'bft']);

function addBasicCommands(): void {
  command('up', 'start the network as a daemon and wait until it is usable')
    .addOption(consensus)
    .action(up);
  command('down', 'stop it')
    .option('--wipe', 'also delete the ledger; keys and ports stay')
    .action(down);
  command('status', 'show every node: health, blocks, process').action(status);
  program
    .command('run')
    .description('run it in the foreground; ends with SIGTERM, Ctrl-C or the parent process')
    .option('--data <dir>', DATA_HELP, toPath, DEFAULT_DATA)
    .addOption(consensus)
    .option('--daemon', 'outlive the process that started it')
    .action(async (options: { data: string; daemon?: boolean; consensus?: 'raft' | 'bft' }) => {
      const { data, daemon } = options;
      await runNetwork({ dataDir: data, daemon: daemon === true, consensus: options.consensus });
    });
}

function addChangeCommands(): void {
  command('add-peer', 'one more peer for an organization, while it runs')
    .requiredOption('--org <name>', 'the organization')
    .option('--name <name>', 'default: the next free one, e.g. peer1')
    .action((options: CommonOptions & { org: string; name?: string }) =>
      addNode('add-peer', options),
    );
  command('add-orderer', 'one more orderer for an organization, while it runs')
    .requiredOption('--org <name>', 'the organization')
    .option('--name <name>', 'default: the next free one, e.g. orderer1')
    .action((options: CommonOptions & { org: string; name?: string }) =>
      addNode('add-orderer', options),
    );
  command('add-org', 'one more organization with a peer, while it runs')
    .requiredOption('--name <name>', 'short name, e.g. laboratory')
    .requiredOption('--msp <id>', 'its MSP ID, e.g. LaboratoryMSP')
    .requiredOption('--domain <domain>', 'DNS domain of its nodes')
    .option('--collections <names...>', 'private data collections that it becomes a member of')
    .action(addOrganization);
  command(
    'deploy',
    'change the chaincode while it runs; going back is the same with the former version',
  )
    .requiredOption('--version <version>', 'the new version')
    .option('--chaincode <dir>', "folder of its package.json; default: the project's chaincode")
    .action(deploy);
  command(
    'renew',
    'new certificates for what ends soon: services, peers, then orderers, one by one',
  )
    .option('--days <n>', 'how soon', toDays, DEFAULT_RENEWAL_DAYS)
    .option('--all', 'for everybody, however long theirs would last')
    .action(renew);
  command('revoke', 'take an identity back before it expires')
    .requiredOption('--org <name>', 'the organization that issued it')
    .requiredOption('--certificate <file>', 'the certificate (PEM)')
    .action(revoke);
  command('resume', 'finish a change that was cut off').action(resume);
  command('stop-node', 'stop one peer or orderer, which then stays stopped')
    .argument('<host>', 'e.g. peer0.hospital.pulse.test')
    .action((host: string, options: CommonOptions) => setNode('stop-node', host, options));
  command('start-node', 'start a node that was stopped')
    .argument('<host>', 'e.g. peer0.hospital.pulse.test')
    .action((host: string, options: CommonOptions) => setNode('start-node', host, options));
}

function addSnapshotCommands(): void {
  command('snapshot', 'copy keys and ledger of the stopped network, with the hash of every file')
    .requiredOption('--to <dir>', 'folder that does not exist yet')
    .action(snapshot);
  command('restore', 'put a snapshot in the place of the stopped network')
    .requiredOption('--from <dir>', 'the snapshot')
    .option('--replace', 'replace the network that is there')
    .action(restore);
}

program
  .command('provision')
  .description("make a network out of an environment's machines on AWS; its own --help")
  .helpOption(false)
  .allowUnknownOption()
  .argument('[options...]', '--env <name> [--dry-run] …')
  .action(provision);

addBasicCommands();
addChangeCommands();
addSnapshotCommands();

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  note(explain(error));
  process.exit(exitCodeOf(error));
}

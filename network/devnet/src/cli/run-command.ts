import type { Command } from 'commander';
import type { SimpleChannel } from '../further-channels.ts';
import type { RunOptions } from './run.ts';

/** The name under which an address for all organizations is. */
const ALL = '';

function addChaincode(
  text: string,
  known: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [, organization = ALL, address] = /^(?:([a-z0-9-]+)=)?([^=\s]+:\d+)$/.exec(text) ?? [];
  if (address === undefined) {
    throw new Error(`--chaincode takes HOST:PORT or ORGANIZATION=HOST:PORT, not "${text}".`);
  }
  return { ...known, [organization]: address };
}

const MAX_PORT = 65_535;

function addPort(
  text: string,
  known: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const [, organization, digits] = /^([a-z0-9-]+)=(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (organization === undefined || port < 1 || port > MAX_PORT) {
    throw new Error(`--port takes ORGANIZATION=PORT, not "${text}".`);
  }
  return { ...known, [organization]: port };
}

function addChannel(text: string, known: readonly SimpleChannel[]): readonly SimpleChannel[] {
  const [, name, members] = /^([a-z][a-z0-9.-]{0,248})(?:=([\w.,-]+))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw new Error(`--channel takes NAME or NAME=ORGANIZATION,ORGANIZATION, not "${text}".`);
  }
  return [...known, { name, organizations: members?.split(',') }];
}

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('run a Fabric network in this process, for development')
    .requiredOption('--data <dir>', 'folder of keys, ledger and connection profile')
    .option('--definition <name>', '"default", or a JSON file of a network', 'default')
    .option(
      '--collections-config <file>',
      "the chaincode's collections, as Fabric's tools take them",
    )
    .option(
      '--chaincode <[organization=]host:port>',
      'the chaincode server, of all organizations or of one',
      addChaincode,
      {},
    )
    .option('--chaincode-folder <dir>', 'start a chaincode server for each organization from here')
    .option(
      '--channel <name[=organization,...]>',
      'one more channel, of all organizations or of some',
      addChannel,
      [],
    )
    .option('--port <organization=port>', "the port of an organization's gateway", addPort, {})
    .option(
      '--organizations <dir>',
      'write certificates and keys there, as cryptogen lays them out',
    )
    .option('--admin', 'offer snapshots, faults and the like on a loopback endpoint')
    .action(async (options: RunOptions) => {
      // Loaded only here: the other commands need no network of their own.
      const { run } = await import('./run.ts');
      await run(options);
    });
}

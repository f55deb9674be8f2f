import { join } from 'node:path';
import { Command } from 'commander';
import { NETWORK } from '../../definition/src/index.ts';
import { writePrivate } from '../../identity/src/index.ts';
import { makeDataFolder } from './data-folder.ts';
import { startDevnet } from './devnet.ts';

interface RunOptions {
  readonly data: string;
  readonly definition: string;
  readonly chaincode: Readonly<Record<string, string>>;
}

function addChaincode(
  text: string,
  known: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [, organization, address] = /^([a-z0-9-]+)=(\S+:\d+)$/.exec(text) ?? [];
  if (organization === undefined || address === undefined) {
    throw new Error(`--chaincode takes ORGANIZATION=HOST:PORT, not "${text}".`);
  }
  return { ...known, [organization]: address };
}

/** Resolves when the process is asked to end; a second request ends it at once. */
function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isAsked) process.exit(1);
        isAsked = true;
        resolve();
      });
    }
  });
}

async function run({ data, definition, chaincode }: RunOptions): Promise<void> {
  if (definition !== 'default') {
    throw new Error(`There is no definition "${definition}". The one definition is "default".`);
  }
  const startedMs = performance.now();
  await makeDataFolder(data);
  const stopped = stopRequested();
  const { name, version } = NETWORK.chaincode;
  const devnet = await startDevnet({
    definition: NETWORK,
    keysDir: join(data, 'keys'),
    ledgerDir: join(data, 'ledger'),
    chaincode: { name, version, addresses: chaincode },
    onFailure: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`devnet: a block cannot be stored, so the network stops: ${reason}\n`);
      process.exit(1);
    },
  });
  const profile = join(data, 'run', 'connection-profile.json');
  await writePrivate(profile, `${JSON.stringify(devnet.profile, null, 2)}\n`);
  const readyMs = Math.round(performance.now() - startedMs);
  process.stdout.write(`${JSON.stringify({ ready: true, profile, readyMs })}\n`);
  await stopped;
  await devnet.close();
}

const program = new Command('devnet');
program
  .command('run')
  .description('run a Fabric network in this process, for development')
  .requiredOption('--data <dir>', 'folder of keys, ledger and connection profile')
  .option('--definition <name>', 'which network', 'default')
  .option(
    '--chaincode <organization=host:port>',
    "an organization's chaincode server; once for each organization",
    addChaincode,
    {},
  )
  .action(run);

try {
  await program.parseAsync();
  process.exit(0);
} catch (error) {
  process.stderr.write(`devnet: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

import { join } from 'node:path';
import type { NetworkDefinition } from '../../../definition/src/index.ts';
import { writePrivate } from '../../../identity/src/index.ts';
import { startAdminServer } from '../admin/admin-server.ts';
import { type ChaincodeProcesses, serveChaincodeForAll } from '../chaincode-process.ts';
import { makeDataFolder } from '../data-folder.ts';
import { type Devnet, startDevnet } from '../devnet.ts';
import { furtherChannels, type SimpleChannel } from '../further-channels.ts';
import { writeOrganizations } from '../organizations-folder.ts';
import { wishPorts } from '../ports.ts';
import { adminFile } from './admin-file.ts';
import { type NamedNetwork, readDefinition } from './read-definition.ts';

export interface RunOptions {
  readonly data: string;
  readonly definition: string;
  readonly collectionsConfig?: string | undefined;
  /** By organization; '' = all of them. */
  readonly chaincode: Readonly<Record<string, string>>;
  readonly chaincodeFolder?: string | undefined;
  /** By organization. */
  readonly port: Readonly<Record<string, number>>;
  readonly channel: readonly SimpleChannel[];
  readonly organizations?: string | undefined;
  readonly admin?: true | undefined;
}

const ALL = '';

/** @throws Error when an option is about an organization that is not there. */
function checkNames(
  option: string,
  given: Readonly<Record<string, unknown>>,
  { organizations }: NetworkDefinition,
): void {
  const names = organizations.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => name !== ALL && !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(`${option} names "${unknown}". The organizations are ${names.join(', ')}.`);
}

function addressesOf(
  definition: NetworkDefinition,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  checkNames('--chaincode', given, definition);
  const common = given[ALL];
  const names = definition.organizations.map(({ name }) => name);
  return Object.fromEntries(
    names.flatMap((name) => {
      const address = given[name] ?? common;
      return address === undefined ? [] : [[name, address]];
    }),
  );
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

/** Servers from a folder, where a folder is given; else those that run already. */
async function findChaincode(
  { chaincode, chaincodeFolder }: RunOptions,
  definition: NetworkDefinition,
): Promise<ChaincodeProcesses> {
  const addresses = addressesOf(definition, chaincode);
  if (chaincodeFolder === undefined) return { addresses, close: () => Promise.resolve() };
  if (Object.keys(addresses).length > 0) {
    throw new Error('Give --chaincode-folder, or --chaincode where servers run already; not both.');
  }
  return serveChaincodeForAll(chaincodeFolder, definition.organizations, process.stderr);
}

function stopAtFailure(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`devnet: a block cannot be stored, so the network stops: ${reason}\n`);
  process.exit(1);
}

/** Writes what clients read: the profile, and the organizations' files where they are wanted. */
async function writeFiles(
  { data, organizations }: RunOptions,
  definition: NetworkDefinition,
  devnet: Devnet,
): Promise<string> {
  const file = join(data, 'run', 'connection-profile.json');
  await writePrivate(file, `${JSON.stringify(devnet.profile, null, 2)}\n`);
  if (organizations !== undefined) {
    const { profile } = devnet;
    const keysDir = join(data, 'keys');
    await writeOrganizations({ folder: organizations, definition, keysDir, profile });
  }
  return file;
}

/** Serves the network until the process is asked to end. */
async function serve(
  options: RunOptions,
  { definition, channels }: NamedNetwork,
  { addresses, stopped }: { addresses: ChaincodeProcesses['addresses']; stopped: Promise<void> },
): Promise<void> {
  const { data, admin } = options;
  const startedMs = performance.now();
  const devnet = await startDevnet({
    definition,
    keysDir: join(data, 'keys'),
    ledgerDir: join(data, 'ledger'),
    chaincode: { ...definition.chaincode, addresses },
    otherChannels: furtherChannels(definition, addresses, [...channels, ...options.channel]),
    onFailure: stopAtFailure,
  });
  const profile = await writeFiles(options, definition, devnet);
  const file = adminFile(data);
  const server =
    admin === true ? await startAdminServer({ control: devnet.control, file, port: 0 }) : undefined;
  const readyMs = Math.round(performance.now() - startedMs);
  const adminPart = server === undefined ? {} : { admin: file };
  process.stdout.write(`${JSON.stringify({ ready: true, profile, readyMs, ...adminPart })}\n`);
  await stopped;
  await server?.close();
  await devnet.close();
}

/** Runs a network, and its chaincode where a folder of one is given, until the process is asked to end. */
export async function run(options: RunOptions): Promise<void> {
  const network = await readDefinition(options.definition, options.collectionsConfig);
  const { definition } = network;
  checkNames('--port', options.port, definition);
  await makeDataFolder(options.data);
  const stopped = stopRequested();
  await wishPorts(join(options.data, 'keys', 'ports.json'), options.port);
  const chaincode = await findChaincode(options, definition);
  try {
    await serve(options, network, { ...chaincode, stopped });
  } finally {
    await chaincode.close();
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  NETWORK,
  type NetworkDefinition,
  networkDefinitionSchema,
} from '../../../definition/src/index.ts';
import { writePrivate } from '../../../identity/src/index.ts';
import { startAdminServer } from '../admin/admin-server.ts';
import { makeDataFolder } from '../data-folder.ts';
import { startDevnet } from '../devnet.ts';
import { adminFile } from './admin-file.ts';

export interface RunOptions {
  readonly data: string;
  readonly definition: string;
  /** By organization; '' = all of them. */
  readonly chaincode: Readonly<Record<string, string>>;
  readonly admin?: true | undefined;
}

const ALL = '';

function addressesOf(
  { organizations }: NetworkDefinition,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const common = given[ALL];
  const names = organizations.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => name !== ALL && !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--chaincode names "${unknown}". The organizations are ${names.join(', ')}.`);
  }
  return Object.fromEntries(
    names.flatMap((name) => {
      const address = given[name] ?? common;
      return address === undefined ? [] : [[name, address]];
    }),
  );
}

async function readDefinition(name: string): Promise<NetworkDefinition> {
  if (name === 'default') return NETWORK;
  let text: string;
  try {
    text = await readFile(name, 'utf8');
  } catch (cause) {
    throw new Error(
      `There is no definition "${name}". Give "default", or a JSON file that defines a network.`,
      { cause },
    );
  }
  const parsed = networkDefinitionSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `${name} defines no network: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
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

/** Runs a network until it is asked to end. */
export async function run({ data, definition: name, chaincode, admin }: RunOptions): Promise<void> {
  const startedMs = performance.now();
  const definition = await readDefinition(name);
  const addresses = addressesOf(definition, chaincode);
  await makeDataFolder(data);
  const stopped = stopRequested();
  const devnet = await startDevnet({
    definition,
    keysDir: join(data, 'keys'),
    ledgerDir: join(data, 'ledger'),
    chaincode: { ...definition.chaincode, addresses },
    onFailure: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`devnet: a block cannot be stored, so the network stops: ${reason}\n`);
      process.exit(1);
    },
  });
  const profile = join(data, 'run', 'connection-profile.json');
  await writePrivate(profile, `${JSON.stringify(devnet.profile, null, 2)}\n`);
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

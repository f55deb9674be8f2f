import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Deployment, deploymentSchema } from '@pulseledger/network/fabric/channel';
import { z } from 'zod';
import type { Environment } from '../environments/environment.ts';
import { parameterName } from '../lib/shared-value.ts';
import { ProvisionError } from './errors.ts';
import type { Parameters } from './parameters.ts';

/** What is known of a network on AWS beside what its nodes say themselves. None of it is a secret. */
export interface NetworkRecord {
  readonly version: 1;
  /** Hash of the channel's first block; everything hangs on it. */
  readonly genesis: string;
  /** Hosts of the orderers that the channel was made with. */
  readonly orderers: readonly string[];
  /** MSP IDs of the members. */
  readonly members: readonly string[];
  /** Absent until the chaincode has been committed once. */
  readonly chaincode?: Deployment | undefined;
  /** By provider: hash of what its administrator has set on the ledger last. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

const schema: z.ZodType<NetworkRecord> = z.strictObject({
  version: z.literal(1),
  genesis: z.string().regex(/^[0-9a-f]{64}$/),
  orderers: z.array(z.string()),
  members: z.array(z.string()),
  chaincode: deploymentSchema.optional(),
  settings: z.record(z.string(), z.string()).optional(),
});

function parse(text: string, where: string): NetworkRecord {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new ProvisionError(
      `${where} was not written by this version of the program. Put back the value that its history has.`,
      { cause: error },
    );
  }
}

/** Reads the record from the environment's parameter; undefined before the channel was made. */
export async function readRecord(
  parameters: Parameters,
  environment: Environment,
): Promise<NetworkRecord | undefined> {
  const name = parameterName(environment, 'fabric/network');
  const text = await parameters.read(name);
  return text === undefined ? undefined : parse(text, `The parameter ${name}`);
}

export async function writeRecord(
  parameters: Parameters,
  environment: Environment,
  record: NetworkRecord,
): Promise<void> {
  const name = parameterName(environment, 'fabric/network');
  await parameters.write(name, JSON.stringify(record));
}

/** The note here of which network an environment of this checkout is, without secrets. */
export class LocalNote {
  readonly #file: string;

  constructor(folder: string, environment: Environment) {
    this.#file = join(folder, `${environment.name}.json`);
  }

  /**
   * Keeps which network this is, and finds out when it is another one than last time: then the table, the credentials
   * or the account have changed by mistake, or the parameter is lost.
   *
   * @throws ProvisionError
   */
  async check(account: string, record: NetworkRecord | undefined): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const note = z.object({ account: z.string(), genesis: z.string() }).parse(JSON.parse(text));
      if (note.account !== account || note.genesis !== record?.genesis) {
        throw new ProvisionError(
          `From here another network was provisioned (account ${note.account}, first block ` +
            `${note.genesis.slice(0, 12)}). If that one is gone on purpose, delete ${this.#file}.`,
        );
      }
    }
    if (record === undefined) return;
    await mkdir(dirname(this.#file), { recursive: true });
    const note = { account, genesis: record.genesis, chaincode: record.chaincode };
    await writeFile(this.#file, `${JSON.stringify(note, null, 2)}\n`);
  }
}

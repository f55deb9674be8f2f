import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  NETWORK,
  type NetworkDefinition,
  networkDefinitionSchema,
} from '../../../definition/src/index.ts';
import { collectionsConfig } from '../collections-config.ts';
import { defineNetwork, type SimpleNetwork, simpleNetworkSchema } from '../define-network.ts';
import type { SimpleChannel } from '../further-channels.ts';

const OWN_COLLECTIONS =
  'This definition has its own collections. Leave --collections-config out, or give a definition in few words.';

async function readJson(file: string, remedy: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(remedy, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON.`, { cause });
  }
}

type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false;
      readonly error: {
        readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[];
      };
    };

function dataOf<T>(file: string, parsed: Parsed<T>): T {
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  throw new Error(`${file} defines no network: ${where} ${issue?.message ?? ''}`);
}

/** A complete definition says what each organization runs. */
const complete = z.looseObject({
  organizations: z.array(z.looseObject({ orderers: z.array(z.unknown()) })).min(1),
});

async function readCollections(file: string): Promise<SimpleNetwork['collections']> {
  return collectionsConfig(await readJson(file, `There is no file of collections "${file}".`));
}

/** A network, and its channels besides the definition's. */
export interface NamedNetwork {
  readonly definition: NetworkDefinition;
  readonly channels: readonly SimpleChannel[];
}

/**
 * The network that a command line names.
 *
 * @param name `default`: Pulseledger's own; else a JSON file, with a complete definition or in few words
 * ({@link SimpleNetwork}).
 * @param collectionsFile Fabric's collections_config.json, for a network in few words.
 * @throws Error when there is no such file, or it defines no network.
 */
export async function readDefinition(
  name: string,
  collectionsFile?: string,
): Promise<NamedNetwork> {
  if (name === 'default') {
    if (collectionsFile !== undefined) throw new Error(OWN_COLLECTIONS);
    return { definition: NETWORK, channels: [] };
  }
  const content = await readJson(
    name,
    `There is no definition "${name}". Give "default", or a JSON file that defines a network.`,
  );
  if (complete.safeParse(content).success) {
    if (collectionsFile !== undefined) throw new Error(OWN_COLLECTIONS);
    const definition = dataOf(name, networkDefinitionSchema.safeParse(content));
    return { definition, channels: [] };
  }
  const simple = dataOf(name, simpleNetworkSchema.safeParse(content));
  const { channels = [] } = simple;
  if (collectionsFile === undefined) return { definition: defineNetwork(simple), channels };
  const collections = await readCollections(collectionsFile);
  return { definition: defineNetwork({ ...simple, collections }), channels };
}

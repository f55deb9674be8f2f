import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkDefinition } from '../../definition/src/index.ts';
import { serveChaincodeForAll } from './chaincode-process.ts';
import { connectGateway, type DevnetClient } from './client/connect.ts';
import type { DevnetControl, IdentityRequest } from './control/control.ts';
import { defineNetwork, type SimpleNetwork } from './define-network.ts';
import { type Devnet, type DevnetProfile, startDevnet } from './devnet.ts';
import { furtherChannels } from './further-channels.ts';
import { writeOrganizations } from './organizations-folder.ts';

/** A network for tests: in a folder of its own, gone when it is closed. */
export interface TestNetworkOptions extends SimpleNetwork {
  readonly chaincode: SimpleNetwork['chaincode'] & {
    /** `host:port` of a chaincode server that runs already. */
    readonly address?: string | undefined;
    /**
     * Else: the folder of a chaincode for `fabric-chaincode-node`, which is started and stopped with the network: a
     * process for each organization, as every peer has its own.
     */
    readonly folder?: string | undefined;
    /** Where the output of the chaincode's processes goes, e.g. `process.stderr`. Default: nowhere. */
    readonly output?: NodeJS.WritableStream | undefined;
  };
}

export interface DevnetTestNetwork {
  readonly profile: DevnetProfile;
  readonly control: DevnetControl;
  /** A client with a fresh certificate of the organization, at its own gateway. It is closed with the network. */
  connect(mspId: string, attributes?: IdentityRequest['attributes']): Promise<DevnetClient>;
  /** Certificates and keys of every organization, for programs that read them from files: see {@link writeOrganizations}. */
  writeOrganizations(folder: string, users?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** What has to be undone, last first. */
class Undo {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

/** Where each organization's peer finds the chaincode, by the organization's name. */
async function chaincodeAddresses(
  { address, folder, output }: TestNetworkOptions['chaincode'],
  { organizations }: NetworkDefinition,
  undo: Undo,
): Promise<Readonly<Record<string, string>>> {
  if (address !== undefined) {
    return Object.fromEntries(organizations.map(({ name }) => [name, address]));
  }
  if (folder === undefined) throw new TypeError('A chaincode has an address or a folder.');
  const { addresses, close } = await serveChaincodeForAll(folder, organizations, output);
  undo.add(close);
  return addresses;
}

function organizationOf({ organizations }: NetworkDefinition, mspId: string): string {
  const found = organizations.find((o) => o.mspId === mspId);
  if (found !== undefined) return found.name;
  const known = organizations.map((o) => o.mspId).join(', ');
  throw new RangeError(`The network has no organization "${mspId}". There are: ${known}.`);
}

interface Opened {
  readonly devnet: Devnet;
  readonly definition: NetworkDefinition;
  readonly keysDir: string;
}

async function open(options: TestNetworkOptions, undo: Undo): Promise<Opened> {
  const definition = defineNetwork(options);
  const dir = await mkdtemp(join(tmpdir(), 'devnet-'));
  undo.add(() => rm(dir, { recursive: true }));
  const addresses = await chaincodeAddresses(options.chaincode, definition, undo);
  const keysDir = join(dir, 'keys');
  const devnet = await startDevnet({
    definition,
    keysDir,
    ledgerDir: join(dir, 'ledger'),
    chaincode: { ...definition.chaincode, addresses },
    otherChannels: furtherChannels(definition, addresses, options.channels ?? []),
  });
  undo.add(() => devnet.close());
  return { devnet, definition, keysDir };
}

/**
 * Starts a network for tests, in this process.
 *
 * @throws Error when the chaincode does not start, or the definition is none; then nothing is left over.
 */
export async function startTestNetwork(options: TestNetworkOptions): Promise<DevnetTestNetwork> {
  const undo = new Undo();
  try {
    const { devnet, definition, keysDir } = await open(options, undo);
    const { profile, control } = devnet;
    return {
      profile,
      control,
      connect: async (mspId, attributes) => {
        const organization = organizationOf(definition, mspId);
        const identity = await control.issueIdentity({ organization, attributes });
        const client = connectGateway(profile, organization, identity);
        undo.add(() => {
          client.close();
        });
        return client;
      },
      writeOrganizations: (folder, users) =>
        writeOrganizations({ folder, definition, keysDir, profile, users }),
      close: () => undo.run(),
    };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

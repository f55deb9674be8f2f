import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaincodeProcess, serveChaincode } from './chaincode-process.ts';
import { connectGateway, type DevnetClient } from './client/connect.ts';
import type { DevnetControl, IdentityRequest } from './control/control.ts';
import { defineNetwork, organizationName, type SimpleNetwork } from './define-network.ts';
import { type Devnet, type DevnetProfile, startDevnet } from './devnet.ts';

/** A network for tests: in a folder of its own, gone when it is closed. */
export interface TestNetworkOptions extends SimpleNetwork {
  readonly chaincode: SimpleNetwork['chaincode'] & {
    /** `host:port` of a chaincode server that runs already. */
    readonly address?: string | undefined;
    /** Else: the folder of a chaincode for `fabric-chaincode-node`, which is started and stopped with the network. */
    readonly folder?: string | undefined;
  };
}

export interface DevnetTestNetwork {
  readonly profile: DevnetProfile;
  readonly control: DevnetControl;
  /** A client with a fresh certificate of the organization, at its own gateway. It is closed with the network. */
  connect(mspId: string, attributes?: IdentityRequest['attributes']): Promise<DevnetClient>;
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

async function chaincodeAddress(
  { address, folder }: TestNetworkOptions['chaincode'],
  undo: Undo,
): Promise<string> {
  if (address !== undefined) return address;
  if (folder === undefined) throw new TypeError('A chaincode has an address or a folder.');
  const served: ChaincodeProcess = await serveChaincode(folder);
  undo.add(() => served.close());
  return served.address;
}

async function open(options: TestNetworkOptions, undo: Undo): Promise<Devnet> {
  const definition = defineNetwork(options);
  const dir = await mkdtemp(join(tmpdir(), 'devnet-'));
  undo.add(() => rm(dir, { recursive: true }));
  const address = await chaincodeAddress(options.chaincode, undo);
  const names = definition.organizations.map(({ name }) => name);
  const devnet = await startDevnet({
    definition,
    keysDir: join(dir, 'keys'),
    ledgerDir: join(dir, 'ledger'),
    chaincode: {
      ...definition.chaincode,
      addresses: Object.fromEntries(names.map((name) => [name, address])),
    },
  });
  undo.add(() => devnet.close());
  return devnet;
}

/**
 * Starts a network for tests, in this process.
 *
 * @throws Error when the chaincode does not start, or the definition is none; then nothing is left over.
 */
export async function startTestNetwork(options: TestNetworkOptions): Promise<DevnetTestNetwork> {
  const undo = new Undo();
  try {
    const { profile, control } = await open(options, undo);
    return {
      profile,
      control,
      connect: async (mspId, attributes) => {
        const organization = organizationName(mspId);
        const identity = await control.issueIdentity({ organization, attributes });
        const client = connectGateway(profile, organization, identity);
        undo.add(() => {
          client.close();
        });
        return client;
      },
      close: () => undo.run(),
    };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

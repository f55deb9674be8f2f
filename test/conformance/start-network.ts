import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChaincodeService,
  startChaincodeService,
} from '@pulseledger/network/chaincode-service';
import { startDevnet } from '@pulseledger/network/devnet';
import { DEFINITION, EXTRA, EXTRA_CHAINCODE, EXTRA_MEMBERS, OTHER } from './definition.ts';
import { freePort } from './free-port.ts';

export type NetworkKind = 'devnet' | 'fabric';

/** How long a chaincode may take on the devnet of the table; all else is quicker. */
export const EXECUTE_TIMEOUT_MS = 12_000;

/** How clients reach the network that rows run on. */
export interface Profile {
  readonly organizations: Readonly<
    Record<
      string,
      {
        readonly mspId: string;
        readonly endpoint: string;
        readonly serverName: string;
        readonly tlsRootCertificatePem: string;
      }
    >
  >;
}

/** A network with the probe chaincode, in a folder of its own. */
export interface StartedNetwork {
  readonly kind: NetworkKind;
  readonly profile: Profile;
  readonly keysDir: string;
  readonly stop: () => Promise<void>;
}

export const CHAINCODE_FOLDER: string = join(import.meta.dirname, 'chaincode');

/** The chaincode's process for a devnet: one serves every organization's peer, each in a conversation of its own. */
export async function startProbe(dir: string): Promise<ChaincodeService> {
  return startChaincodeService({
    address: `127.0.0.1:${await freePort()}`,
    chaincodeId: 'probe_1.0:devnet',
    logFile: join(dir, 'chaincode.log'),
    folder: CHAINCODE_FOLDER,
  });
}

/** A devnet with a ledger of its own, by the given start function: it may be a changed one. */
export async function startEmbedded(options: {
  readonly keysDir: string;
  readonly ledgerDir: string;
  readonly chaincodeAddress: string;
  readonly start?: typeof startDevnet;
}): Promise<StartedNetwork> {
  const { keysDir, ledgerDir, chaincodeAddress, start = startDevnet } = options;
  const addresses = Object.fromEntries(
    DEFINITION.organizations.map(({ name }) => [name, chaincodeAddress]),
  );
  const { name, version } = DEFINITION.chaincode;
  const devnet = await start({
    definition: DEFINITION,
    keysDir,
    ledgerDir,
    chaincode: { name, version, addresses },
    executeTimeoutMs: EXECUTE_TIMEOUT_MS,
    otherChaincodes: [{ definition: OTHER, addresses }],
    otherChannels: [
      {
        name: EXTRA,
        organizations: EXTRA_MEMBERS,
        chaincodes: [{ definition: EXTRA_CHAINCODE, addresses }],
      },
    ],
  });
  return { kind: 'devnet', profile: devnet.profile, keysDir, stop: () => devnet.close() };
}

async function startDevnetIn(dir: string): Promise<StartedNetwork> {
  const service = await startProbe(dir);
  try {
    const network = await startEmbedded({
      keysDir: join(dir, 'keys'),
      ledgerDir: join(dir, 'ledger'),
      chaincodeAddress: service.address,
    });
    const stop = async (): Promise<void> => {
      await network.stop();
      await service.stop();
    };
    return { ...network, stop };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

async function startNativeNetwork(dir: string): Promise<StartedNetwork> {
  // Only when it is wanted: the devnet is started without a word of the other.
  const { startNative } = await import('./native-network.ts');
  return startNative(dir, CHAINCODE_FOLDER);
}

/** Starts a network from nothing; `stop` leaves no process and no file. */
export async function startNetwork(kind: NetworkKind): Promise<StartedNetwork> {
  const dir = await mkdtemp(join(tmpdir(), `conformance-${kind}-`));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const network = await (kind === 'devnet' ? startDevnetIn(dir) : startNativeNetwork(dir));
    const stop = async (): Promise<void> => {
      await network.stop();
      await remove();
    };
    return { ...network, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

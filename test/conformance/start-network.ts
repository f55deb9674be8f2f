import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChaincodeService } from '@pulseledger/network/chaincode-service';
import { startDevnet } from '@pulseledger/network/devnet';
import { DEFINITION, OTHER } from './definition.ts';
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

const CHAINCODE_FOLDER: string = join(import.meta.dirname, 'chaincode');

async function startEmbedded(dir: string): Promise<StartedNetwork> {
  const service = await startChaincodeService({
    address: `127.0.0.1:${await freePort()}`,
    chaincodeId: 'probe_1.0:devnet',
    logFile: join(dir, 'chaincode.log'),
    folder: CHAINCODE_FOLDER,
  });
  // One process serves every organization's peer: each has a conversation of its own with it.
  const addresses = Object.fromEntries(
    DEFINITION.organizations.map(({ name }) => [name, service.address]),
  );
  const keysDir = join(dir, 'keys');
  const { name, version } = DEFINITION.chaincode;
  try {
    const devnet = await startDevnet({
      definition: DEFINITION,
      keysDir,
      ledgerDir: join(dir, 'ledger'),
      chaincode: { name, version, addresses },
      executeTimeoutMs: EXECUTE_TIMEOUT_MS,
      otherChaincodes: [{ definition: OTHER, addresses }],
    });
    const stop = async (): Promise<void> => {
      await devnet.close();
      await service.stop();
    };
    return { kind: 'devnet', profile: devnet.profile, keysDir, stop };
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
  await writeFile(join(dir, 'README'), 'A network of npm run conformance.\n');
  const remove = async (): Promise<void> => { if (process.env['CONFORMANCE_KEEP'] === undefined) await rm(dir, { recursive: true, force: true }); else process.stderr.write(`kept ${dir}
`); };
  try {
    const network = await (kind === 'devnet' ? startEmbedded(dir) : startNativeNetwork(dir));
    const stop = async (): Promise<void> => {
      await network.stop();
      await remove();
    };
    return { ...network, stop };
  } catch (error) {
    if (process.env['CONFORMANCE_KEEP'] === undefined) await remove();
    throw error;
  }
}

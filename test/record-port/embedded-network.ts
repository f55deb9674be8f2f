/** The devnet in this process, with the contract running for every organization: the insurer's people ask too. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ORGANIZATIONS } from '@pulseledger/domain';
import { startChaincodeService } from '@pulseledger/network/chaincode-service';
import { NETWORK } from '@pulseledger/network/definition';
import { type Devnet, startDevnet } from '@pulseledger/network/devnet';
import type { RunningNetwork } from '../bench/start-network.ts';

export async function startEmbeddedNetwork(
  dataDir: string,
): Promise<Omit<RunningNetwork, 'readyMs' | 'pid' | 'ended'> & Pick<Devnet, 'control'>> {
  const services = await Promise.all(
    ORGANIZATIONS.map(async (name) => ({
      name,
      service: await startChaincodeService({
        address: `127.0.0.1:${await freePort()}`,
        chaincodeId: `pulse-${name}`,
        logFile: join(dataDir, `chaincode-${name}.log`),
      }),
    })),
  );
  const { name, version } = NETWORK.chaincode;
  const addresses = Object.fromEntries(
    services.map(({ name: organization, service }) => [organization, service.address]),
  );
  const devnet = await startDevnet({
    definition: NETWORK,
    keysDir: join(dataDir, 'keys'),
    ledgerDir: join(dataDir, 'ledger'),
    chaincode: { name, version, addresses },
  });
  return {
    profile: devnet.profile,
    control: devnet.control,
    stop: async () => {
      await devnet.close();
      await Promise.all(services.map(({ service }) => service.stop()));
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

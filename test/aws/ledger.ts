import { randomBytes } from 'node:crypto';
import { NETWORK } from '@pulseledger/network/definition';
import {
  organizationKeys,
  readAuthority,
  readCertifiedKey,
  servicesOf,
} from '@pulseledger/network/identity';
import type { LedgerWorld } from '../negative/support/ledger-world.ts';
import type { Clients } from './clients.ts';

const LIVE_KEY_BYTES = 33;

/** What provisioning puts into the account: keys into their secrets, and where the peers are. */
export async function provision(clients: Clients, world: LedgerWorld): Promise<void> {
  for (const organization of NETWORK.organizations) {
    const { name, mspId } = organization;
    const issuing = await readAuthority(world.keys, name, 'issuing');
    await clients.fillSecret(`issuing-ca/${name}`, { mspId, ...issuing });
    for (const service of servicesOf(organization)) {
      const identity = await readCertifiedKey(organizationKeys(world.keys, name).service(service));
      await clients.fillSecret(`${service}/${name}`, { mspId, ...identity });
    }
  }
  // The deployment makes it; but the emulator's letters and digits have punctuation among them.
  const keyBase64 = randomBytes(LIVE_KEY_BYTES).toString('base64');
  await clients.fillSecret('live', { keyBase64 });
  await clients.shareValue('fabric/connection-profile', JSON.stringify(world.network.profile));
}

import { randomBytes } from 'node:crypto';
import type { ConnectionProfile } from '@pulseledger/domain';
import {
  connectGateway,
  createSignatory,
  DirectoryClient,
  fixedSignatory,
  type LedgerIdentity,
  RecordClient,
} from '@pulseledger/ledger';
import type { ServiceOf } from './rotation-request.ts';

const ID_BYTES = 16;

/**
 * Asks the organization's own peer something that only this service may ask: certificate, authority and role are looked at
 * as with every transaction, and nothing is recorded. It is about a random id, so the answer says nothing.
 *
 * @throws PulseError `unauthenticated`, `access_denied`, or `unavailable` and `timeout` when the ledger does not answer.
 */
export async function proveIdentity(
  profile: ConnectionProfile,
  identity: LedgerIdentity,
  { service, organization }: ServiceOf,
): Promise<void> {
  const { mspId, certificatePem } = identity;
  const certified = { mspId, certificatePem, privateKeyPem: identity.privateKeyPem() };
  // A connection of its own: a shared one would keep a gateway for the identity.
  const connection = connectGateway(profile, organization);
  try {
    const signatories = fixedSignatory(createSignatory(certified));
    const record = new RecordClient({ connection, signatories });
    const id = randomBytes(ID_BYTES).toString('hex');
    if (service === 'ingest') await record.deviceStatus({ deviceId: id, atMs: Date.now() });
    else await new DirectoryClient(record.calls).read({ entries: [{ kind: 'Organization', id }] });
  } finally {
    connection.close();
  }
}

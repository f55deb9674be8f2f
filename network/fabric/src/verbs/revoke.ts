import { X509Certificate } from 'node:crypto';
import {
  certificateFingerprint,
  type NetworkIdentity,
  networkIdentities,
  readAuthority,
  renewIdentity,
  revokeIdentity,
} from '../../../identity/src/index.ts';
import { reconcileChannel } from '../channel/update.ts';
import type { Revoke } from '../operation.ts';
import { OperationError, type VerbContext } from './verb-context.ts';

/** Whose certificate it is, among those that the network itself was given. */
async function ownerOf(
  { layout }: VerbContext,
  certificatePem: string,
): Promise<NetworkIdentity | undefined> {
  const fingerprint = certificateFingerprint(certificatePem);
  const known = await networkIdentities(layout.placement.keysFolder, layout.definition);
  return known.find(({ fingerprints }) => fingerprints.includes(fingerprint));
}

/**
 * Takes an identity back before it expires: puts it on its authority's revocation list, and the list into the
 * organization's MSP of the channel. From that block on every peer and orderer refuses it.
 * An administrator or a service of the network's own gets a new one at once.
 */
export async function revoke(context: VerbContext, operation: Revoke): Promise<void> {
  const { step, tools, state } = context;
  const { keysFolder } = context.layout.placement;
  const { organization, certificatePem } = operation;
  const owner = await ownerOf(context, certificatePem);
  if (owner?.kind === 'peer' || owner?.kind === 'orderer') {
    throw new OperationError(
      `${owner.host} works with this certificate. Give it another one first with: renew --all`,
    );
  }
  const issuing = await readAuthority(keysFolder, organization, 'issuing');
  const issuer = new X509Certificate(issuing.certificatePem);
  if (!new X509Certificate(certificatePem).checkIssued(issuer)) {
    throw new OperationError(
      `The certificate was not issued by ${organization}. Name the organization whose it is with --org.`,
    );
  }
  const layout = await step('revocation list', async () => {
    await revokeIdentity(keysFolder, organization, certificatePem);
    if (owner !== undefined) await renewIdentity(keysFolder, owner);
    return context.save({ ...state, pending: operation });
  });
  const mspId = layout.definition.organizations.find((o) => o.name === organization)?.mspId ?? '';
  await step('the channel has the revocation list', () => reconcileChannel(layout, tools, mspId));
}

import { randomUUID } from 'node:crypto';
import { type NetworkDefinition } from '../../../definition/src/index.ts';
import { certify, freshKey, issuerOf } from '../../../identity/src/certificate.ts';
import { endEntity, fabricAttributes } from '../../../identity/src/extensions.ts';
import { readAuthority } from '../../../identity/src/index.ts';
import type { IdentityRequest, IssuedIdentity } from './control.ts';
import { ControlError } from './errors.ts';

const BACKDATED_MS = 5 * 60_000;
const LIFETIME_MS = 24 * 60 * 60_000;

/**
 * Makes an identity of an organization with the keys of its authority, which lie in the network's own folder.
 *
 * @throws ControlError when there is no such organization.
 */
export async function issueIdentity(
  definition: NetworkDefinition,
  keysDir: string,
  request: IdentityRequest,
): Promise<IssuedIdentity> {
  const organization = definition.organizations.find(({ name }) => name === request.organization);
  if (organization === undefined) {
    const known = definition.organizations.map(({ name }) => name).join(', ');
    throw new ControlError(`There is no organization of that name. There are: ${known}.`);
  }
  const issuer = issuerOf(await readAuthority(keysDir, organization.name, 'issuing'));
  const { publicKeySpki, privateKeyPem } = freshKey();
  const now = Date.now();
  const certificatePem = certify(
    {
      subject: {
        commonName: request.commonName ?? randomUUID(),
        organizationalUnit: request.role ?? 'client',
      },
      publicKeySpki,
      period: {
        notBefore: new Date(request.notBeforeMs ?? now - BACKDATED_MS),
        notAfter: new Date(request.notAfterMs ?? now + LIFETIME_MS),
      },
      extensions: [...endEntity(issuer), fabricAttributes(request.attributes ?? {})],
    },
    issuer,
  );
  return { mspId: organization.mspId, certificatePem, privateKeyPem };
}

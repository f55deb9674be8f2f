/** The rotation function of Secrets Manager: gives a service that signs a new key and certificate. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { IdentitySource } from '@pulseledger/ledger';
import { z } from 'zod';
import { ProfileText, readVariables } from '../../common/src/environment.ts';
import { logLine } from '../../common/src/log.ts';
import { proveIdentity } from './prove-identity.ts';
import { rotate } from './rotate.ts';
import { RotationRequest } from './rotation-request.ts';
import { SecretVersions } from './secret-versions.ts';

const { PULSE_SECRET_PREFIX: prefix, PULSE_CONNECTION_PROFILE: profile } = readVariables(
  z.object({ PULSE_SECRET_PREFIX: z.string().min(1), PULSE_CONNECTION_PROFILE: ProfileText }),
  process.env,
);
const client = new SecretsManagerClient({});
const versions = new SecretVersions(client);

/** One step; throwing makes Secrets Manager try the rotation again. */
export async function handler(event: unknown): Promise<void> {
  const request = RotationRequest.parse(event);
  // Read anew for each step: an authority's key does not stay in memory between rotations.
  const authorities = new IdentitySource({ client, prefix });
  const { step, service, organization, outcome, formerValidUntil, validUntil } = await rotate(
    request,
    {
      versions,
      prefix,
      issuingCa: (of) => authorities.issuingCa(of),
      prove: (identity, of) => proveIdentity(profile, identity, of),
    },
  );
  console.log(
    logLine('identity_rotation', {
      ...{ operation: step, role: service, organization, reason: outcome },
      validUntil: validUntil?.toISOString(),
      formerValidUntil: formerValidUntil?.toISOString(),
    }),
  );
}

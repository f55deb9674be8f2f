/** GET .well-known/smart-configuration: https://hl7.org/fhir/smart-app-launch/conformance.html */
import type { PublicCall } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';

export function readSmartConfiguration({ issuer }: PublicCall): Promise<Reply> {
  return Promise.resolve(
    ok({
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      token_endpoint: `${issuer}/token`,
      grant_types_supported: ['authorization_code'],
      code_challenge_methods_supported: ['S256'],
      scopes_supported: [
        'openid',
        'patient/*.rs',
        'patient/*.cruds',
        'user/*.rs',
        'user/*.cruds',
        'system/*.rs',
      ],
      capabilities: ['permission-v1', 'permission-v2', 'permission-patient', 'permission-user'],
    }),
  );
}

/** GET .well-known/smart-configuration: https://hl7.org/fhir/smart-app-launch/conformance.html */
import type { PublicCall } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';

export function readSmartConfiguration({ login }: PublicCall): Promise<Reply> {
  return Promise.resolve(
    ok({
      issuer: login.issuer,
      authorization_endpoint: login.authorizationUrl,
      token_endpoint: login.tokenUrl,
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
      capabilities: [
        'client-public',
        'permission-v1',
        'permission-v2',
        'permission-patient',
        'permission-user',
      ],
    }),
  );
}

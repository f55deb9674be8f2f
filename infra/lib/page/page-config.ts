import type { Environment } from '../../environments/environment.ts';
import { loginHost } from '../names.ts';

/** Paths of the login's endpoints that the page calls itself: its policy lets it speak to its own origin only. */
export const TOKEN_PATH = '/oauth2/token';
export const REVOCATION_PATH = '/oauth2/revoke';

/** What the origin tells the page about itself (dashboard/src/session/page-config.ts). */
export function pageConfig(
  environment: Environment,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): Readonly<Record<string, string>> {
  return {
    issuer,
    authorizationEndpoint: `https://${loginHost(environment)}/oauth2/authorize`,
    tokenEndpoint: TOKEN_PATH,
    revocationEndpoint: REVOCATION_PATH,
    clientId,
  };
}

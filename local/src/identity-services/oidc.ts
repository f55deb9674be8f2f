import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { API_RESOURCE, API_SERVER, TOKEN_SECONDS } from './api-tokens.ts';
import type { Login } from './logins.ts';
import { OidcMemory } from './oidc-memory.ts';
import type { PasswordCheck } from './password-check.ts';
import { registerPasswordGrant } from './password-grant.ts';

/** Client of the command line and of simulators: a password for a token. */
export const OIDC_CLIENT = 'pulseledger-cli';
/** Client of the web page: authorization code with PKCE. */
export const OIDC_PAGE_CLIENT = 'pulseledger-page';
/** Path of the issuer, the same behind the page's origin. */
export const OIDC_PATH = '/oidc';
/** A working day; the page forgets its own sooner. */
const SESSION_SECONDS = 8 * 3600;
const ALGORITHM = 'ES256';

export interface IssuerOptions {
  /** `https://127.0.0.1:port/oidc`. */
  readonly issuer: string;
  readonly logins: PasswordCheck;
  /** Private P-256 key with a `kid`. */
  readonly signingKey: JWK;
  /** Where the page may have the browser sent back to. */
  readonly pageUrls: readonly string[];
}

/**
 * An OpenID Connect issuer for trying Pulseledger out: it knows the test logins only. On AWS this is Cognito.
 */
export function createIssuer(options: IssuerOptions): Provider {
  const provider = new Provider(options.issuer, configuration(options));
  // The page's origin forwards to here.
  provider.proxy = true;
  registerPasswordGrant(provider, options.logins);
  return provider;
}

function configuration(options: IssuerOptions): Configuration {
  const { logins, signingKey } = options;
  return {
    adapter: OidcMemory,
    renderError: (ctx, out) => {
      ctx.type = 'text/plain';
      ctx.body = `This sign-in cannot go on (${out.error}). Go back to the page and begin anew.\n`;
    },
    jwks: { keys: [{ ...signingKey, alg: ALGORITHM, use: 'sig' }] },
    clients: clients(options.pageUrls),
    clientDefaults: { id_token_signed_response_alg: ALGORITHM, token_endpoint_auth_method: 'none' },
    enabledJWA: { idTokenSigningAlgValues: [ALGORITHM] },
    cookies: { keys: [randomBytes(32).toString('base64url')], names: { session: 'oidc_session' } },
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub', 'org', 'role', 'subject_id'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => {
      const login = logins.named(sub);
      if (login === undefined) return undefined;
      return { accountId: sub, claims: () => ({ sub, ...tokenClaims(login) }) };
    },
    extraTokenClaims: (_ctx, token) => {
      const login = 'accountId' in token ? logins.named(token.accountId) : undefined;
      return login === undefined ? undefined : tokenClaims(login);
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => API_RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => API_SERVER,
      },
    },
    interactions: { url: (_ctx, { uid }) => `${OIDC_PATH}/interaction/${uid}` },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    loadExistingGrant: grantToOwnPage,
    routes: {
      authorization: '/authorize',
      token: '/token',
      jwks: '/.well-known/jwks.json',
      revocation: '/revoke',
    },
    ttl: {
      AccessToken: TOKEN_SECONDS,
      AuthorizationCode: 60,
      IdToken: TOKEN_SECONDS,
      RefreshToken: SESSION_SECONDS,
      Grant: SESSION_SECONDS,
      Interaction: 600,
      Session: SESSION_SECONDS,
    },
  };
}

function clients(pageUrls: readonly string[]): NonNullable<Configuration['clients']> {
  return [
    { client_id: OIDC_CLIENT, grant_types: ['password'], response_types: [], redirect_uris: [] },
    {
      client_id: OIDC_PAGE_CLIENT,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [...pageUrls],
    },
  ];
}

function tokenClaims({ organization, role, subjectId }: Login): Record<string, string> {
  return { org: organization, role, subject_id: subjectId };
}

/** Our own page asks nobody whether it may: there is no consent screen. */
async function grantToOwnPage(ctx: KoaContextWithOIDC): Promise<InstanceType<Provider['Grant']>> {
  const { client, session, provider } = ctx.oidc;
  const grant = new provider.Grant({
    clientId: client?.clientId ?? '',
    accountId: session?.accountId ?? '',
  });
  grant.addOIDCScope('openid offline_access');
  await grant.save();
  return grant;
}

import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import type { PageConfig } from './page-config.ts';

/** What a sign-in leaves: kept in memory only. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** What has to survive the way to the issuer and back; nothing personal. */
const Pending = z.object({ state: z.string(), verifier: z.string() });
const PENDING = 'pulse-sign-in';

/** oauth4webapi wants TLS everywhere but here: a page on this machine talks to this machine. */
function insecure(): oauth.HttpRequestOptions<'POST', URLSearchParams> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it stands out
  return { [oauth.allowInsecureRequests]: location.hostname === 'localhost' };
}

function server(config: PageConfig): oauth.AuthorizationServer {
  return {
    issuer: config.issuer,
    authorization_endpoint: config.authorizationEndpoint,
    token_endpoint: config.tokenEndpoint,
    revocation_endpoint: config.revocationEndpoint,
    // The local issuer's, and Cognito's.
    id_token_signing_alg_values_supported: ['ES256', 'RS256'],
  };
}

function redirectUri(): string {
  return `${location.origin}/`;
}

/**
 * Leaves for the issuer (authorization code with PKCE, RFC 7636).
 * @param anew ask for the password even when the issuer still knows the browser
 */
export async function beginSignIn(config: PageConfig, anew: boolean): Promise<void> {
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  sessionStorage.setItem(PENDING, JSON.stringify({ state, verifier }));
  const url = new URL(config.authorizationEndpoint, location.origin);
  url.search = new URLSearchParams({
    client_id: config.clientId,
    response_type: 'code',
    redirect_uri: redirectUri(),
    scope: 'openid',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(anew ? { prompt: 'login' } : {}),
  }).toString();
  location.assign(url);
}

/**
 * The tokens, when the issuer has just sent the browser back; undefined when it has not.
 * @throws what oauth4webapi throws for an answer that is not for this page
 */
export async function completeSignIn(config: PageConfig): Promise<Tokens | undefined> {
  const here = new URL(location.href);
  if (!here.searchParams.has('state')) return undefined;
  const kept: unknown = JSON.parse(sessionStorage.getItem(PENDING) ?? 'null');
  sessionStorage.removeItem(PENDING);
  // Code and state are of no use any more, and history is no place for them.
  history.replaceState(null, '', '/');
  const pending = Pending.safeParse(kept);
  if (!pending.success) return undefined;
  const { state, verifier } = pending.data;
  const client: oauth.Client = { client_id: config.clientId };
  const parameters = oauth.validateAuthResponse(server(config), client, here, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server(config),
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    verifier,
    insecure(),
  );
  return tokensOf(await oauth.processAuthorizationCodeResponse(server(config), client, response));
}

/** @throws when the issuer gives no new token: the session is over */
export async function refresh(config: PageConfig, refreshToken: string): Promise<Tokens> {
  const client: oauth.Client = { client_id: config.clientId };
  const none = oauth.None();
  const response = await oauth.refreshTokenGrantRequest(
    server(config),
    client,
    none,
    refreshToken,
    insecure(),
  );
  return tokensOf(await oauth.processRefreshTokenResponse(server(config), client, response));
}

/** Best effort: the token is forgotten here in any case. */
export async function revoke(config: PageConfig, refreshToken: string): Promise<void> {
  const client: oauth.Client = { client_id: config.clientId };
  const none = oauth.None();
  await oauth
    .revocationRequest(server(config), client, none, refreshToken, insecure())
    .catch(() => undefined);
}

function tokensOf(answer: oauth.TokenEndpointResponse): Tokens {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expiresAtMs: Date.now() + (answer.expires_in ?? 60) * 1_000,
  };
}

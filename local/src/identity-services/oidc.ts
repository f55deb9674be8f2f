import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { importJWK, type JWK, SignJWT } from 'jose';
import { limitedBody } from '../limited-body.ts';
import { AttemptLimit } from './attempt-limit.ts';
import type { Login } from './logins.ts';

/** The only client of the local issuer: what runs on this machine. */
export const OIDC_CLIENT = 'pulseledger-cli';
export const OIDC_AUDIENCE = 'pulseledger-api';
/** No longer than the user certificates made from a login. */
const TOKEN_SECONDS = 15 * 60;
const ALGORITHM = 'ES256';
const MAX_FORM_BYTES = 4 * 1024;

export interface IssuerOptions {
  /** `https://127.0.0.1:port`; known once the server listens. */
  readonly issuer: () => string;
  readonly logins: readonly Login[];
  /** Private P-256 key with a `kid`. */
  readonly signingKey: JWK;
  readonly now?: () => number;
}

/**
 * An OpenID Connect issuer for trying Pulseledger out: it knows the test logins only and gives an access
 * token for user and password. On AWS this is Cognito, with a browser login.
 */
export function issuerApp(options: IssuerOptions): Hono {
  const app = new Hono();
  app.get('/.well-known/openid-configuration', (c) => c.json(discovery(options.issuer())));
  app.get('/.well-known/jwks.json', (c) => c.json({ keys: [publicHalf(options.signingKey)] }));
  const attempts = new AttemptLimit(options.now);
  app.post(
    '/token',
    limitedBody(MAX_FORM_BYTES, (c) => c.json({ error: 'invalid_request' }, 413)),
    (c) => token(c, options, attempts),
  );
  return app;
}

function discovery(issuer: string): object {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/token`,
    grant_types_supported: ['password'],
    token_endpoint_auth_methods_supported: ['none'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
  };
}

/** RFC 6749 §4.3 and §5.2. */
async function token(
  c: Context,
  options: IssuerOptions,
  attempts: AttemptLimit,
): Promise<Response> {
  c.header('cache-control', 'no-store');
  const form = new URLSearchParams(await c.req.text());
  if (form.get('grant_type') !== 'password')
    return c.json({ error: 'unsupported_grant_type' }, 400);
  if (form.get('client_id') !== OIDC_CLIENT) return c.json({ error: 'invalid_client' }, 401);
  const user = form.get('username') ?? '';
  if (attempts.isBlocked(user)) {
    c.header('retry-after', String(attempts.pauseSeconds));
    return c.json({ error: 'slow_down' }, 429);
  }
  const login = findLogin(options.logins, user, form.get('password') ?? '');
  if (login === undefined) {
    attempts.failed(user);
    return c.json({ error: 'invalid_grant' }, 400);
  }
  const accessToken = await accessTokenFor(login, options);
  return c.json({ access_token: accessToken, token_type: 'Bearer', expires_in: TOKEN_SECONDS });
}

/** Every login is compared, and by digest, so that time tells neither who exists nor how much is right. */
function findLogin(logins: readonly Login[], user: string, password: string): Login | undefined {
  const matches = logins.map(
    (login) => sameText(login.user, user) && sameText(login.password, password),
  );
  return logins[matches.indexOf(true)];
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** RFC 9068 `at+jwt`. */
async function accessTokenFor(login: Login, options: IssuerOptions): Promise<string> {
  const key = await importJWK(options.signingKey, ALGORITHM);
  const issuedAt = Math.floor((options.now ?? Date.now)() / 1000);
  const { organization, role, subjectId } = login;
  return new SignJWT({ client_id: OIDC_CLIENT, org: organization, role, subject_id: subjectId })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: options.signingKey.kid ?? '' })
    .setIssuer(options.issuer())
    .setAudience(OIDC_AUDIENCE)
    .setSubject(login.user)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .setJti(randomUUID())
    .sign(key);
}

function publicHalf({ kty, crv, x, y, kid }: JWK): JWK {
  return { ...{ kty, crv, x, y, kid }, alg: ALGORITHM, use: 'sig' } as JWK;
}

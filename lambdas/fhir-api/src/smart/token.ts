/**
 * Access tokens: a JWT of the one issuer we are set up with (RFC 9068 `at+jwt`; OWASP ASVS 5.0 chapter V9). Keys come
 * from the issuer's key set alone, whatever `jku`, `x5u` or `jwk` a token carries.
 */
import {
  Identifier,
  MSP_IDS,
  ORGANIZATIONS,
  type Organization,
  PulseError,
  ROLE_ORGANIZATIONS,
  USER_ROLES,
} from '@pulseledger/domain';
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { z } from 'zod';

/** One public-key family is enough for an issuer; symmetric algorithms and `none` are not on the list. */
const ALGORITHMS = ['ES256', 'RS256'];
/** Clocks of issuer and API may differ by so much. */
export const CLOCK_TOLERANCE_SECONDS = 30;
/** No access token is accepted longer after its issue, whatever its `exp` says. */
const MAX_TOKEN_AGE_SECONDS = 12 * 3600;
/** A fetch of the key set may take so long, */
const JWKS_TIMEOUT_MS = 5_000;
/** an unknown key id causes at most one fetch in so long, */
export const JWKS_COOLDOWN_MS = 30_000;
/** a fetched key set is used for so long, */
export const JWKS_MAX_AGE_MS = 600_000;
/** and after a failed fetch none is tried for so long. */
export const JWKS_FAILURE_PAUSE_MS = 5_000;
const MAX_TOKEN_CHARACTERS = 8_192;

/** How an issuer marks access tokens: by their type (RFC 9068), or by Amazon Cognito's own claims. */
export const TOKEN_PROFILES = ['rfc9068', 'cognito'] as const;
export type TokenProfile = (typeof TOKEN_PROFILES)[number];

/** Cognito's access tokens have neither `typ` nor `aud`, but `token_use` and `client_id`. */
const CognitoAccess = z.object({ token_use: z.literal('access'), client_id: z.string() });

const Claims = z.object({
  iss: z.string(),
  sub: z.string().min(1).max(256),
  org: z.enum(ORGANIZATIONS),
  role: z.enum(USER_ROLES),
  subject_id: Identifier,
});

/** Who asks. `issuer` and `subject` together name the login (ASVS 10.3.3). */
export interface Caller {
  readonly issuer: string;
  readonly subject: string;
  readonly organization: Organization;
  readonly role: (typeof USER_ROLES)[number];
  /** Patient or practitioner id. */
  readonly subjectId: string;
}

export interface TokenOptions {
  readonly issuer: string;
  /** With Cognito: the id of the app client. */
  readonly audience: string;
  readonly profile: TokenProfile;
  readonly jwksUrl: URL;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Turns an Authorization header into a caller.
 * @throws PulseError `unauthenticated`; `unavailable` when the issuer's keys cannot be had; `wrong_organization_for_role`
 */
export type VerifyToken = (authorization: string | undefined) => Promise<Verified>;

/** Who asks, and what their client may do at most. */
export interface Verified {
  readonly caller: Caller;
  /** The token's `scope` claim. */
  readonly scope: string | undefined;
}

export function createTokenVerifier(options: TokenOptions): VerifyToken {
  const keys = remoteKeys(options);
  return async (authorization) => {
    const token = bearerToken(authorization);
    const payload = await verify(token, keys, options);
    return { caller: callerOf(payload), scope: scopeOf(payload) };
  };
}

function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) {
    throw new PulseError('unauthenticated', 'no bearer token in the Authorization header');
  }
  return token;
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  options: TokenOptions,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: options.issuer,
      ...(options.profile === 'rfc9068' ? { audience: options.audience, typ: 'at+jwt' } : {}),
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      maxTokenAge: MAX_TOKEN_AGE_SECONDS,
      currentDate: new Date(options.now()),
    });
    if (options.profile === 'cognito') requireCognitoAccess(payload, options.audience);
    return payload;
  } catch (error) {
    if (error instanceof PulseError) throw error;
    const text = error instanceof errors.JWTExpired ? 'the access token has expired' : undefined;
    throw new PulseError('unauthenticated', text ?? 'the access token is not accepted', {
      cause: error,
    });
  }
}

/** An id token is not for the API, nor is an access token of another app client. */
function requireCognitoAccess(payload: JWTPayload, clientId: string): void {
  const access = CognitoAccess.safeParse(payload);
  if (access.success && access.data.client_id === clientId) return;
  throw new PulseError('unauthenticated', 'the access token is not accepted');
}

function callerOf(payload: JWTPayload): Caller {
  const claims = Claims.safeParse(payload);
  if (!claims.success) {
    throw new PulseError('unauthenticated', 'the access token lacks org, role or subject_id');
  }
  const { iss, sub, org, role, subject_id } = claims.data;
  if (!ROLE_ORGANIZATIONS[role].includes(MSP_IDS[org])) {
    throw new PulseError('wrong_organization_for_role');
  }
  return { issuer: iss, subject: sub, organization: org, role, subjectId: subject_id };
}

function scopeOf({ scope }: JWTPayload): string | undefined {
  const parsed = z.string().max(2_048).optional().safeParse(scope);
  if (!parsed.success) throw new PulseError('unauthenticated', 'the scope claim is no text');
  return parsed.data;
}

/** The issuer's keys. A token that names none of them is the caller's fault, all else is ours: never open. */
function remoteKeys(options: TokenOptions): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(options.jwksUrl, {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_MAX_AGE_MS,
    [customFetch]: pausingFetch(options.now),
  });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      if (
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys
      ) {
        throw error;
      }
      throw new PulseError('unavailable', 'the keys of the login service cannot be had', {
        cause: error,
      });
    }
  };
}

/** Keeps a login service that is down from being asked by every request. */
function pausingFetch(now: () => number): FetchImplementation {
  let pausedUntilMs = 0;
  return async (url, init) => {
    if (now() < pausedUntilMs) throw new Error('the key set could not be fetched a moment ago');
    try {
      const response = await fetch(url, init);
      if (!response.ok) pausedUntilMs = now() + JWKS_FAILURE_PAUSE_MS;
      return response;
    } catch (error) {
      pausedUntilMs = now() + JWKS_FAILURE_PAUSE_MS;
      throw error;
    }
  };
}

import { ConnectionProfile } from '@pulseledger/domain';
import { z } from 'zod';
import { TOKEN_PROFILES, type TokenProfile } from './smart/token.ts';

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** Keys and tokens never cross a network unencrypted; only a test on the same machine may. */
const SecureUrl = z.url().refine((text) => {
  const url = URL.parse(text);
  const isLocal = url?.protocol === 'http:' && LOOPBACK.includes(url.hostname);
  return url?.protocol === 'https:' || isLocal;
}, 'must be https');

function parseJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

const Environment = z
  .object({
    OIDC_ISSUER: SecureUrl,
    OIDC_AUDIENCE: z.string().min(1),
    OIDC_TOKEN_PROFILE: z.enum(TOKEN_PROFILES).default('rfc9068'),
    OIDC_JWKS_URL: SecureUrl.optional(),
    OIDC_AUTHORIZATION_URL: SecureUrl.optional(),
    OIDC_TOKEN_URL: SecureUrl.optional(),
    FHIR_BASE_URL: SecureUrl,
    PULSE_SECRET_PREFIX: z.string().min(1),
    DOCUMENT_BUCKET: z.string().min(3).max(63),
    EMERGENCY_QUEUE_URL: SecureUrl,
    PULSE_CONNECTION_PROFILE: z.string().transform(parseJson).pipe(ConnectionProfile),
  })
  .transform((env) => ({
    issuer: env.OIDC_ISSUER,
    audience: env.OIDC_AUDIENCE,
    tokenProfile: env.OIDC_TOKEN_PROFILE,
    jwksUrl: new URL(env.OIDC_JWKS_URL ?? `${withoutSlash(env.OIDC_ISSUER)}/.well-known/jwks.json`),
    login: {
      issuer: env.OIDC_ISSUER,
      authorizationUrl: env.OIDC_AUTHORIZATION_URL ?? `${withoutSlash(env.OIDC_ISSUER)}/authorize`,
      tokenUrl: env.OIDC_TOKEN_URL ?? `${withoutSlash(env.OIDC_ISSUER)}/token`,
    },
    baseUrl: env.FHIR_BASE_URL.replace(/\/$/, ''),
    secretPrefix: env.PULSE_SECRET_PREFIX,
    documentBucket: env.DOCUMENT_BUCKET,
    emergencyQueueUrl: env.EMERGENCY_QUEUE_URL,
    profile: env.PULSE_CONNECTION_PROFILE,
  }));

export interface LoginAddresses {
  readonly issuer: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
}

/** What this Lambda is told by its environment. */
export interface FhirConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly tokenProfile: TokenProfile;
  readonly jwksUrl: URL;
  /** Where clients log in, for the SMART configuration. */
  readonly login: LoginAddresses;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** What stands before `/issuing-ca/<organization>` in the names of secrets. */
  readonly secretPrefix: string;
  /** Bucket of encrypted documents. */
  readonly documentBucket: string;
  /** Queue of what was read while nothing could be ordered, and is to be committed. */
  readonly emergencyQueueUrl: string;
  readonly profile: ConnectionProfile;
}

/** @throws Error that names the variable that is missing or wrong, never its value. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): FhirConfig {
  const parsed = Environment.safeParse(env);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`the environment is not complete: ${problems.join('; ')}`);
}

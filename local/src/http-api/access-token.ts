import { Identifier, ORGANIZATIONS, PulseError } from '@pulseledger/domain';
import type { UserClaims } from '@pulseledger/ledger';
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';

const CLOCK_TOLERANCE_SECONDS = 30;

const claims = z.object({
  org: z.enum(ORGANIZATIONS),
  role: z.literal('administrator'),
  subject_id: Identifier,
});

export interface TokenCheck {
  readonly issuer: string;
  readonly audience: string;
  /** Default: the issuer's published keys. */
  readonly keys?: JWTVerifyGetKey;
}

/** Turns an Authorization header into an administrator, or fails. */
export type RequireAdministrator = (authorization: string | undefined) => Promise<UserClaims>;

/** @returns a check that throws PulseError `unauthenticated` or `access_denied` */
export function administratorCheck(check: TokenCheck): RequireAdministrator {
  const { issuer, audience } = check;
  const keys = check.keys ?? createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  return async (authorization) => {
    const token = /^Bearer ([\w.-]{1,8192})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new PulseError('unauthenticated', 'There is no access token.');
    const verified = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'iat'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    }).catch((cause: unknown) => {
      throw new PulseError('unauthenticated', 'The access token is not valid.', { cause });
    });
    const administrator = claims.safeParse(verified.payload);
    if (!administrator.success) {
      throw new PulseError('access_denied', 'Only an administrator may do this.');
    }
    const { org, role, subject_id: subjectId } = administrator.data;
    return { organization: org, role, subjectId };
  };
}

/**
 * Tickets of the live channel: the API gives one out for the hints of patients whose record the caller may read, and the
 * broker's authorizer turns it into a policy. A JWT under a key that only these two functions can read.
 */
import { PulseError } from '@pulseledger/domain';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/** As long as a certificate of a login. */
export const TICKET_SECONDS: number = 15 * 60;
/** What one connection may listen to. */
export const MAX_TICKET_TOPICS = 100;
const AUDIENCE = 'pulseledger-live';
const ALGORITHM = 'HS256';

/** What a ticket allows. */
export interface LiveTicket {
  /** MQTT client id to connect under. */
  readonly clientId: string;
  /** Exact topics; no wildcards. */
  readonly topics: readonly string[];
}

const Claims = z.object({
  sub: z.string().regex(/^page-[0-9a-f]{32}$/),
  topics: z.array(z.string().regex(/^v1\/live\/[0-9a-f]{32,64}$/)).max(MAX_TICKET_TOPICS),
  exp: z.number(),
});

/** @param key 32 random bytes */
export function issueTicket(key: Uint8Array, ticket: LiveTicket, nowMs: number): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1_000);
  return new SignJWT({ topics: [...ticket.topics] })
    .setProtectedHeader({ alg: ALGORITHM })
    .setSubject(ticket.clientId)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TICKET_SECONDS)
    .sign(key);
}

/** @throws PulseError `unauthenticated` */
export async function verifyTicket(
  key: Uint8Array,
  text: string,
  nowMs: number,
): Promise<LiveTicket & { readonly expiresAtMs: number }> {
  try {
    const { payload } = await jwtVerify(text, key, {
      audience: AUDIENCE,
      algorithms: [ALGORITHM],
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: new Date(nowMs),
    });
    const { sub, topics, exp } = Claims.parse(payload);
    return { clientId: sub, topics, expiresAtMs: exp * 1_000 };
  } catch (cause) {
    throw new PulseError('unauthenticated', 'the live ticket is not valid', { cause });
  }
}

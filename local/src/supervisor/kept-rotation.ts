import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../identity-services/secret-store.ts';

/** A rotated identity that ends sooner is given up for the one in the folder of keys. */
const LEAST_LEFT_MS = 86_400_000;

const Identity = z.object({ certificatePem: z.string() });

/**
 * Secrets for a start: the identities in the folder of keys, but where a rotation has made a younger one of the same
 * authority, that with its earlier versions.
 */
export function keepRotated(
  fromKeys: readonly Secret[],
  before: readonly Secret[],
  nowMs: number,
): Secret[] {
  const authorities = new Map(
    fromKeys.flatMap((secret) => {
      const organization = /\/issuing-ca\/(\w+)$/.exec(secret.name)?.[1];
      const certificate = currentOf(secret);
      return organization === undefined || certificate === undefined
        ? []
        : [[organization, certificate] as const];
    }),
  );
  return fromKeys.map((secret) => {
    const known = before.find(({ name }) => name === secret.name);
    const authority = authorities.get(secret.name.split('/').at(-1) ?? '');
    if (!secret.isRotated || known === undefined || authority === undefined) return secret;
    return isBetter(currentOf(known), currentOf(secret), { authority, nowMs }) ? known : secret;
  });
}

function isBetter(
  rotated: X509Certificate | undefined,
  own: X509Certificate | undefined,
  { authority, nowMs }: { readonly authority: X509Certificate; readonly nowMs: number },
): boolean {
  if (rotated?.verify(authority.publicKey) !== true) return false;
  if (Date.parse(rotated.validTo) - nowMs < LEAST_LEFT_MS) return false;
  return Date.parse(rotated.validFrom) > Date.parse(own?.validFrom ?? '');
}

function currentOf({ versions }: Secret): X509Certificate | undefined {
  const value = versions.find(({ stages }) => stages.includes('AWSCURRENT'))?.value;
  if (value === undefined) return undefined;
  const parsed = Identity.safeParse(JSON.parse(value));
  return parsed.success ? new X509Certificate(parsed.data.certificatePem) : undefined;
}

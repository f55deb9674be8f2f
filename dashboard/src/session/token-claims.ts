import { z } from 'zod';

const Claims = z.record(z.string(), z.unknown());

/** The claims of a JWT, unverified: only for what the page shows. @throws for anything that is no JWT */
export function decodeJwt(token: string): Readonly<Record<string, unknown>> {
  const payload = token.split('.')[1] ?? '';
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return Claims.parse(parsed);
}

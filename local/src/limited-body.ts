import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/**
 * Refuses bodies over a size. A request with neither length nor transfer coding has no body (RFC 9112
 * §6.3); hono's own limit fails on such a one, since the Node adapter shows it a body to read.
 */
export function limitedBody(
  maxSize: number,
  onTooLarge: (c: Context) => Response,
): MiddlewareHandler {
  const limit = bodyLimit({ maxSize, onError: onTooLarge });
  return async (c, next) => {
    const { headers } = c.req.raw;
    if (headers.has('content-length') || headers.has('transfer-encoding')) return limit(c, next);
    return next();
  };
}

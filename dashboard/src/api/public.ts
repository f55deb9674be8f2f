import type { z } from 'zod';
import { failureOf } from './client.ts';
import { unreachable } from './failure.ts';

/** What anybody may read; without a token, so that nobody can tell who asked. @throws Failure */
export async function askPublicly<T>(
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, { cache: 'no-store', credentials: 'omit', signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable();
  }
  const json: unknown = await response.json();
  if (!response.ok) throw failureOf(response.status, json);
  return schema.parse(json);
}

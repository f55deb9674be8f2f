import { Identifier, PulseError } from '@pulseledger/domain';
import type { z } from 'zod';
import { nothingToSee } from '../record/port.ts';

/** The JSON of a body. @throws PulseError `invalid_input` */
export function jsonBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PulseError('invalid_input', 'the body is not JSON');
  }
}

/** @throws PulseError `invalid_input` that names the fields, never their values */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const names = new Set(result.error.issues.map(({ path }) => path.join('.') || 'the request'));
  throw new PulseError('invalid_input', `not as expected: ${[...names].join(', ')}`);
}

/** An id in the path; what is none looks like what does not exist. @throws PulseError `not_found` */
export function identifierIn(text: string | undefined): string {
  const result = Identifier.safeParse(text);
  if (!result.success) throw nothingToSee();
  return result.data;
}

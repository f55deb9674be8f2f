import type { z } from 'zod';
import { PulseError } from './errors.ts';

/** A schema of this package, for who passes one on. */
export type Schema<T> = z.ZodType<T>;

/**
 * Parse what came from outside.
 *
 * @throws PulseError `invalid_input` naming the first wrong field, never its value.
 */
export function parseInput<T>(schema: Schema<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  const where = path === '' ? 'The input' : `The field ${path}`;
  throw new PulseError('invalid_input', `${where} does not have the expected form.`);
}

/**
 * Parse JSON text that came from outside.
 *
 * @throws PulseError `invalid_input`.
 */
export function parseJsonInput<T>(schema: Schema<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be personal.
    throw new PulseError('invalid_input', 'The input is not JSON.');
  }
  return parseInput(schema, value);
}

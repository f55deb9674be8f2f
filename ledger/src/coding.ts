import { PulseError } from '@pulseledger/domain';
import type { z } from 'zod';

/**
 * An input as JSON.
 *
 * @throws PulseError `invalid_input`. Zod quotes what it refuses; so only the names of the fields are passed on.
 */
export function encode<T>(schema: z.ZodType<T>, input: T): string {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map((issue) => issue.path.join('.') || '(input)'));
    throw new PulseError('invalid_input', `Not as expected: ${[...fields].join(', ')}.`);
  }
  return JSON.stringify(parsed.data);
}

/**
 * What the contract answered.
 *
 * @throws PulseError `internal` when it is not in the agreed form.
 */
export function decode<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new PulseError('internal', 'The contract answered in an unknown form.');
  }
  return parsed.data;
}

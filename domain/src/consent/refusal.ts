import { PulseError } from '../errors.ts';

/**
 * A ceremony that is refused. The text names the check, never a value.
 *
 * @throws PulseError `bad_assertion`, always.
 */
export function refuse(what: string): never {
  throw new PulseError('bad_assertion', what);
}

import { ERRORS, type PulseError } from '@pulseledger/domain';
import { sentence } from './outcome.ts';

export const PLAIN_JSON = 'application/json';
/** https://www.rfc-editor.org/rfc/rfc9457 */
export const PROBLEM_JSON = 'application/problem+json';

/** A failure outside FHIR: what happened, why, and what to do. `code` is one of docs/ERRORS.md. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

export function problemOf(error: PulseError): Problem {
  const { title, remedy, httpStatus } = ERRORS[error.code];
  const why = error.message === title ? '' : `${sentence(error.message)} `;
  return { title, status: httpStatus, detail: `${why}${remedy}`, code: error.code };
}

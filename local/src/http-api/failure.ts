import { ERRORS, PulseError } from '@pulseledger/domain';

const RETRY_AFTER_SECONDS = '1';
const RETRIED = [429, 503];

function retryAfter(status: number): Record<string, string> {
  return RETRIED.includes(status) ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
}

/** Errors of the project as they are, everything else as `internal`, whose text says nothing. */
export function asPulseError(error: unknown): PulseError {
  return error instanceof PulseError ? error : new PulseError('internal');
}

/** A failure before or after the Lambda function, in the form of its own failures. */
export function operationOutcome(error: PulseError): Response {
  const { title, remedy, fhirIssue, httpStatus } = ERRORS[error.code];
  const issue = {
    severity: 'error',
    code: fhirIssue,
    details: { text: title },
    diagnostics: `${error.message} ${remedy}`,
  };
  return new Response(JSON.stringify({ resourceType: 'OperationOutcome', issue: [issue] }), {
    status: httpStatus,
    headers: { 'content-type': 'application/fhir+json', ...retryAfter(httpStatus) },
  });
}

/** A failure outside the FHIR routes (RFC 9457). */
export function problem(error: PulseError): Response {
  const { title, remedy, httpStatus } = ERRORS[error.code];
  const body = {
    title,
    status: httpStatus,
    detail: `${error.message} ${remedy}`,
    code: error.code,
  };
  return new Response(JSON.stringify(body), {
    status: httpStatus,
    headers: { 'content-type': 'application/problem+json', ...retryAfter(httpStatus) },
  });
}

/** What a failure means to each side: HTTP status, FHIR issue type, and what the caller can do. */
export interface ErrorDescription {
  /** One short sentence without any value of the failing request. */
  readonly title: string;
  /** Status of an HTTP answer that reports this failure. */
  readonly httpStatus: number;
  /** Code of https://hl7.org/fhir/R4/valueset-issue-type.html for an OperationOutcome. */
  readonly fhirIssue: string;
  /** What to do about it, for the person who reads the message. */
  readonly remedy: string;
}

/** Codes that a quarantined device message carries as its reason. */
export const QUARANTINE_REASONS = [
  'identity_mismatch',
  'sequence_conflict',
  'overlap',
  'bad_signature',
  'clock_out_of_range',
  'unknown_device',
  'device_lost',
  'device_revoked',
  'not_assigned',
  'too_many_gaps',
  'oversize',
  'malformed',
] as const;

/** A reason for which a device message is quarantined. */
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** Every error code of the system. */
export type ErrorCode =
  | QuarantineReason
  | 'invalid_input'
  | 'unauthenticated'
  | 'access_denied'
  | 'chart_closed'
  | 'attestation_stale'
  | 'bad_attestation'
  | 'wrong_organization_for_role'
  | 'subject_commitment_mismatch'
  | 'bad_assertion'
  | 'not_found'
  | 'gone'
  | 'deleted'
  | 'conflict'
  | 'already_exists'
  | 'reason_needed'
  | 'precondition_failed'
  | 'precondition_required'
  | 'invalid_resource'
  | 'not_supported'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'unsupported_media_type'
  | 'too_costly'
  | 'throttled'
  | 'unavailable'
  | 'commit_unknown'
  | 'timeout'
  | 'internal';

/** What each code means; docs/ERRORS.md is generated from this table. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorDescription>> = {
  // Reasons for which a device's message is quarantined.
  identity_mismatch: {
    title: 'The chunk names another device than the connection that sent it.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy: 'Publish with the certificate of the device that signed the chunk.',
  },
  sequence_conflict: {
    title: 'Another chunk with the same first sequence is already recorded.',
    httpStatus: 409,
    fhirIssue: 'conflict',
    remedy: 'Look for a cloned device or a reset sequence counter; start a new boot number.',
  },
  overlap: {
    title: 'The chunk covers sequences that another recorded chunk covers already.',
    httpStatus: 409,
    fhirIssue: 'conflict',
    remedy: 'Send each sequence in one chunk only and resend chunks byte for byte.',
  },
  bad_signature: {
    title: 'The signature does not belong to the registered key and these bytes.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy:
      'Check which key the device is registered with; treat the message as forged until then.',
  },
  clock_out_of_range: {
    title: 'The chunk holds readings from the future.',
    httpStatus: 422,
    fhirIssue: 'business-rule',
    remedy: 'Set the clock of the device and redrive the message when its time has come.',
  },
  unknown_device: {
    title: 'The device is not registered with this organization.',
    httpStatus: 404,
    fhirIssue: 'not-found',
    remedy: 'Register the device, then redrive the message.',
  },
  device_lost: {
    title: 'The readings were taken after the device was reported lost.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy: 'Register the device again when it is found; do not redrive.',
  },
  device_revoked: {
    title: 'The registration of the device is revoked.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy: 'Register the device with a new key.',
  },
  not_assigned: {
    title: 'The device was not assigned to one patient for the whole time of the chunk.',
    httpStatus: 422,
    fhirIssue: 'business-rule',
    remedy: 'Assign the device for that time, then redrive the message.',
  },
  too_many_gaps: {
    title: 'The sequences recorded for this boot have too many gaps.',
    httpStatus: 422,
    fhirIssue: 'too-costly',
    remedy: 'Send the missing chunks first, or start a new boot number.',
  },
  oversize: {
    title: 'The message is larger than the limit.',
    httpStatus: 413,
    fhirIssue: 'too-long',
    remedy: 'Send smaller chunks.',
  },
  malformed: {
    title: 'The bytes are not a well-formed chunk.',
    httpStatus: 400,
    fhirIssue: 'structure',
    remedy: 'Encode chunks with the published codec, in its canonical form.',
  },

  // Failures of a request.
  invalid_input: {
    title: 'The request does not have the expected shape.',
    httpStatus: 400,
    fhirIssue: 'invalid',
    remedy: 'Correct the request; the message names the field.',
  },
  unauthenticated: {
    title: 'The caller is not known or the login has expired.',
    httpStatus: 401,
    fhirIssue: 'login',
    remedy: 'Log in again.',
  },
  access_denied: {
    title: 'The caller may not do this.',
    httpStatus: 403,
    fhirIssue: 'forbidden',
    remedy: 'Ask the patient or an administrator for a treating relation.',
  },
  chart_closed: {
    title: 'The chart is not open for this.',
    httpStatus: 403,
    fhirIssue: 'forbidden',
    remedy: 'Open the chart, then read again.',
  },
  attestation_stale: {
    title: 'The attestation is not of this moment.',
    httpStatus: 409,
    fhirIssue: 'transient',
    remedy: 'Ask both organizations anew and repeat the request.',
  },
  bad_attestation: {
    title: 'The attestation is not what both organizations signed for this caller.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy: 'Ask both organizations anew; tell the operator when it happens twice.',
  },
  wrong_organization_for_role: {
    title: 'The organization of the caller does not give out this role.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy: 'Log in at an organization that employs this role.',
  },
  subject_commitment_mismatch: {
    title: 'The opened subject is not the one in the certificate.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy: 'Log in again; tell the operator when it happens twice.',
  },
  bad_assertion: {
    title: 'The passkey’s answer does not hold.',
    httpStatus: 403,
    fhirIssue: 'security',
    remedy:
      'Confirm once more with the passkey; if it is refused again, ask for a new one in person.',
  },
  not_found: {
    title: 'There is no such record.',
    httpStatus: 404,
    fhirIssue: 'not-found',
    remedy: 'Check the identifier.',
  },
  gone: {
    title: 'The record was erased.',
    httpStatus: 410,
    fhirIssue: 'deleted',
    remedy: 'Nothing can bring it back.',
  },
  deleted: {
    title: 'The resource was deleted.',
    httpStatus: 410,
    fhirIssue: 'deleted',
    remedy: 'Its history shows the versions before.',
  },
  conflict: {
    title: 'The record is in a state that does not allow this.',
    httpStatus: 409,
    fhirIssue: 'conflict',
    remedy: 'Read the record again and decide anew.',
  },
  already_exists: {
    title: 'There is such a record already.',
    httpStatus: 409,
    fhirIssue: 'duplicate',
    remedy: 'Use the record that is there.',
  },
  reason_needed: {
    title: 'There is a recent result of an equivalent test.',
    httpStatus: 409,
    fhirIssue: 'business-rule',
    remedy: 'Look at the result; to repeat the test, order it with a reason that names the result.',
  },
  precondition_failed: {
    title: 'The record has changed since it was read.',
    httpStatus: 412,
    fhirIssue: 'conflict',
    remedy: 'Read the record again and repeat the change.',
  },
  precondition_required: {
    title: 'The change does not say which version it is made to.',
    httpStatus: 428,
    fhirIssue: 'required',
    remedy: 'Read the record and send its ETag in If-Match.',
  },
  invalid_resource: {
    title: 'The resource does not follow the rules of FHIR R4 or of this record.',
    httpStatus: 422,
    fhirIssue: 'invalid',
    remedy: 'Correct the elements that are named.',
  },
  not_supported: {
    title: 'This is not supported.',
    httpStatus: 501,
    fhirIssue: 'not-supported',
    remedy: 'See the capability statement for what is.',
  },
  method_not_allowed: {
    title: 'The address does not accept this method.',
    httpStatus: 405,
    fhirIssue: 'not-supported',
    remedy: 'See the capability statement for what it accepts.',
  },
  not_acceptable: {
    title: 'The requested format is not offered.',
    httpStatus: 406,
    fhirIssue: 'not-supported',
    remedy: 'Ask for application/fhir+json.',
  },
  unsupported_media_type: {
    title: 'The format of the body is not accepted.',
    httpStatus: 415,
    fhirIssue: 'not-supported',
    remedy: 'Send application/fhir+json.',
  },
  too_costly: {
    title: 'The answer would be too large.',
    httpStatus: 422,
    fhirIssue: 'too-costly',
    remedy: 'Ask for a shorter period, fewer codes or a smaller page.',
  },
  throttled: {
    title: 'There are more requests than can be served now.',
    httpStatus: 429,
    fhirIssue: 'throttled',
    remedy: 'Wait a moment and repeat the request.',
  },
  unavailable: {
    title: 'A part of the system does not answer.',
    httpStatus: 503,
    fhirIssue: 'transient',
    remedy: 'Repeat the request later.',
  },
  commit_unknown: {
    title: 'It is not known yet whether the transaction was committed.',
    httpStatus: 503,
    fhirIssue: 'incomplete',
    remedy: 'Ask for the status of the same transaction before repeating it.',
  },
  timeout: {
    title: 'The answer took too long.',
    httpStatus: 504,
    fhirIssue: 'timeout',
    remedy: 'Repeat the request later.',
  },
  internal: {
    title: 'The software failed.',
    httpStatus: 500,
    fhirIssue: 'exception',
    remedy: 'Tell the operator the request number.',
  },
};

/** Is this text one of our error codes? */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** A failure with a code of {@link ERRORS}; its text never carries a personal value. */
export class PulseError extends Error {
  override readonly name: string = 'PulseError';
  readonly code: ErrorCode;
  /** Further facts for the caller, never personal. */
  readonly details: Readonly<Record<string, string | number>>;

  /**
   * @param text What happened; the table's title when left out.
   */
  constructor(
    code: ErrorCode,
    text: string = ERRORS[code].title,
    options: {
      readonly details?: Readonly<Record<string, string | number>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(text, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The text in which a code crosses the peer, which carries nothing but text. */
export function formatContractError(code: ErrorCode, text: string = ERRORS[code].title): string {
  return `${code}: ${text}`;
}

const CODE = /(?<=^|[\s,[(])([a-z][a-z_]{2,40}): /g;

/**
 * Find the contract's error in a text of the peer or Gateway, such as
 * `chaincode response 500, not_found: There is no such record.`
 */
export function parseContractError(text: string): PulseError | undefined {
  for (const match of text.matchAll(CODE)) {
    const code = match[1] ?? '';
    const [message = ''] = text.slice(match.index + match[0].length).split(/[\n\]]/);
    if (isErrorCode(code)) return new PulseError(code, message);
  }
  return undefined;
}

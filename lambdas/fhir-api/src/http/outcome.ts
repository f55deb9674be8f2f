import { ERRORS, type ErrorCode, PulseError, REPEAT_REASONS } from '@pulseledger/domain';
import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4.js';
import type { Finding } from '../definitions/structures.ts';

type IssueType = NonNullable<OperationOutcomeIssue['code']>;

/** Names our error codes (docs/ERRORS.md) as a code system: an OID under a UUID, which needs no registration. */
const ERROR_CODE_SYSTEM = 'urn:oid:2.25.172947833359121725210272263115379700264';

/** Names the reasons for which a test is repeated (`REPEAT_REASONS`) as a code system. */
export const REPEAT_REASON_SYSTEM = 'urn:oid:2.25.167745599394345214633287010714747403237';

/** How the remedy of the table is done in FHIR, where that does not go without saying. */
const IN_FHIR: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  [
    'reason_needed',
    ` The results are at GET patients/[id]/equivalents?loinc=[code]. The reason is a reasonCode with a coding of ${REPEAT_REASON_SYSTEM} (${REPEAT_REASONS.join(', ')}) and a text that says why; it names the result in supportingInfo (Observation/[id]).`,
  ],
]);

/** https://hl7.org/fhir/R4/valueset-issue-type.html: the values that the error table uses. */
const ISSUE_TYPES: readonly IssueType[] = [
  'invalid',
  'structure',
  'security',
  'login',
  'forbidden',
  'not-found',
  'deleted',
  'conflict',
  'not-supported',
  'business-rule',
  'too-long',
  'too-costly',
  'throttled',
  'transient',
  'incomplete',
  'timeout',
  'exception',
  'required',
  'value',
  'code-invalid',
  'duplicate',
  'processing',
  'informational',
];

/** @throws RangeError for what is no FHIR issue type we use */
export function issueType(name: string): IssueType {
  const type = ISSUE_TYPES.find((known) => known === name);
  if (type === undefined) throw new RangeError(`${name} is not an issue type`);
  return type;
}

/** A resource that breaks rules: each of them, and where. */
export class InvalidResource extends PulseError {
  readonly findings: readonly Finding[];

  constructor(found: readonly Finding[]) {
    super('invalid_resource');
    this.findings = found;
  }
}

/** What happened, why, and what to do, for the person and for the program. */
export function outcomeOf(error: PulseError): OperationOutcome {
  if (error instanceof InvalidResource) return findingsOutcome(error.findings);
  const { title, remedy, fhirIssue } = ERRORS[error.code];
  const why = error.message === title ? '' : ` ${sentence(error.message)}`;
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: issueType(fhirIssue),
        details: { coding: [{ system: ERROR_CODE_SYSTEM, code: error.code }], text: title },
        diagnostics: `${title}${why} ${remedy}${IN_FHIR.get(error.code) ?? ''}`,
      },
    ],
  };
}

/** One issue each. */
export function findingsOutcome(found: readonly Finding[]): OperationOutcome {
  const { title } = ERRORS.invalid_resource;
  const coding = [{ system: ERROR_CODE_SYSTEM, code: 'invalid_resource' }];
  return {
    resourceType: 'OperationOutcome',
    issue: found.map(({ code, text, expression }) => ({
      severity: 'error' as const,
      code: issueType(code),
      details: { coding, text: title },
      diagnostics: `${expression}: ${text}`,
      expression: [expression],
    })),
  };
}

/** Nothing went wrong. */
export function allIsWell(text: string): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', code: 'informational', diagnostics: text }],
  };
}

/** A remark that travels beside results (Bundle.entry.search.mode `outcome`). */
export function remark(code: IssueType, text: string): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', code, diagnostics: text }],
  };
}

/** A text as a sentence. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/**
 * An error as an AWS service sends it: the SDK clients turn `code` into their error class.
 * `queryCode` is the name older SQS clients know, sent in the `x-amzn-query-error` header.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly queryCode: string | undefined;

  constructor(code: string, message: string, status = 400, queryCode?: string) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.queryCode = queryCode;
  }
}

import type { PulseError } from '@pulseledger/domain';

/** What a route answers. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without one the answer has no body. */
  readonly resource?: object | undefined;
  /** In place of a resource: a text of another media type. */
  readonly text?: { readonly contentType: string; readonly body: string } | undefined;
  /** Answered well, but there is something that the log should know. */
  readonly failure?: PulseError | undefined;
}

export function ok(resource: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, headers, resource };
}

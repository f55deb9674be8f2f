import { allowedFields, type LogFields } from '@pulseledger/lambdas/common/log';

export type LogLevel = 'info' | 'warn' | 'error';

/** What the processes tell. */
export type LogEvent =
  | 'ready'
  | 'start_failed'
  | 'close_failed'
  | 'supervisor_gone'
  | 'counts'
  | 'enqueue_failed'
  | 'disk_refuses_writes'
  | 'request_failed'
  | 'enrolment_failed'
  | 'revocation_failed'
  | 'rotation_failed'
  | 'invocation_failed'
  | 'function_timed_out'
  | 'receive_failed'
  | 'messages_returned'
  | 'delete_failed';

export interface Logger {
  readonly log: (level: LogLevel, event: LogEvent, fields?: LogFields) => void;
}

/** A logger that writes one JSON object a line; what is not in the list of fields is dropped at run time, too. */
export function createLogger(write: (line: string) => void): Logger {
  return {
    log: (level, event, fields = {}) => {
      const entry = { time: new Date().toISOString(), level, event, ...allowedFields(fields) };
      write(`${JSON.stringify(entry)}\n`);
    },
  };
}

/** The code of a system or domain error (`EADDRINUSE`, `not_found` …): safe to log, unlike its text. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

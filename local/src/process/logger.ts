/**
 * Everything a log line may hold. It is a list of what is allowed, so that nothing personal gets in by
 * accident: no names, ids, values, tokens or texts of errors from outside.
 */
export interface LogFields {
  readonly code?: string;
  readonly count?: number;
  readonly durationMs?: number;
  readonly exitCode?: number;
  readonly status?: number;
  readonly port?: number;
  readonly process?: string;
  readonly operation?: string;
  readonly reason?: string;
  readonly counters?: Readonly<Record<string, number>>;
}

export type LogLevel = 'info' | 'warn' | 'error';

export interface Logger {
  readonly log: (level: LogLevel, event: string, fields?: LogFields) => void;
}

const ALLOWED: readonly (keyof LogFields)[] = [
  'code',
  'count',
  'durationMs',
  'exitCode',
  'status',
  'port',
  'process',
  'operation',
  'reason',
  'counters',
];

/** A logger that writes one JSON object a line; fields outside the list are dropped at run time, too. */
export function createLogger(write: (line: string) => void): Logger {
  return {
    log: (level, event, fields = {}) => {
      const allowed = ALLOWED.flatMap((name) =>
        fields[name] === undefined ? [] : [[name, fields[name]] as const],
      );
      const entry = {
        time: new Date().toISOString(),
        level,
        event,
        ...Object.fromEntries(allowed),
      };
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

import { z } from 'zod';

/**
 * Everything that a log line may hold: a list of what is allowed, so that nothing personal gets in by
 * accident. No names, no ids of patients or devices, no values, tokens, keys or texts of errors.
 */
export interface LogFields {
  // What happened.
  readonly code?: string | undefined;
  readonly operation?: string | undefined;
  readonly process?: string | undefined;
  readonly reason?: string | undefined;
  /** Name and frames of an unexpected error, without its text, which may quote data. */
  readonly frames?: readonly string[] | undefined;
  // How much, how long.
  readonly count?: number | undefined;
  readonly messages?: number | undefined;
  readonly redelivered?: number | undefined;
  readonly chunks?: number | undefined;
  readonly recorded?: number | undefined;
  readonly already?: number | undefined;
  readonly returned?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly endorseMs?: number | undefined;
  readonly commitMs?: number | undefined;
  readonly exitCode?: number | undefined;
  readonly status?: number | undefined;
  readonly port?: number | undefined;
  readonly counters?: Readonly<Record<string, number>> | undefined;
  readonly quarantined?: Readonly<Record<string, number>> | undefined;
  readonly failures?: Readonly<Record<string, number>> | undefined;
  // Which transaction or request: numbers that stand in public blocks, or were made for the request.
  readonly transactionIds?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
  readonly method?: string | undefined;
  /** The pattern of the route, such as `Patient/:id`, never the address. */
  readonly route?: string | undefined;
  readonly organization?: string | undefined;
  readonly role?: string | undefined;
  /** Ends of a service's certificates, ISO 8601. */
  readonly validUntil?: string | undefined;
  readonly formerValidUntil?: string | undefined;
}

/** A word of the program's own: short, and nothing in it that could be a part of an id, digest or key. */
const Word = z.string().regex(/^(?!.*[0-9a-fA-F]{12})[A-Za-z][\w.:-]{0,47}$/);
const Amount = z.number();
const Amounts = z.record(Word, Amount);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const MAX_FRAMES = 20;
/** `at read (file:///…/x.ts:1:2)`: V8's own words about our code, after the error's name. */
const Frame = z.union([Word, z.string().regex(/^at [^\n]{1,300}$/)]);

const ALLOWED: { readonly [Field in keyof LogFields]-?: z.ZodType<LogFields[Field]> } = {
  code: Word,
  operation: Word,
  process: Word,
  reason: Word,
  frames: z.array(Frame).max(MAX_FRAMES),
  count: Amount,
  messages: Amount,
  redelivered: Amount,
  chunks: Amount,
  recorded: Amount,
  already: Amount,
  returned: Amount,
  durationMs: Amount,
  endorseMs: Amount,
  commitMs: Amount,
  exitCode: Amount,
  status: Amount,
  port: Amount,
  counters: Amounts,
  quarantined: Amounts,
  failures: Amounts,
  transactionIds: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  requestId: z.string().regex(/^(?![0-9a-f]{32}$)[\w=+/-]{1,64}$/),
  method: z.enum(METHODS),
  route: z.string().regex(/^[A-Za-z$:_/]{0,64}$/),
  organization: Word,
  role: Word,
  validUntil: z.iso.datetime(),
  formerValidUntil: z.iso.datetime(),
};

/** Names of the fields that a line may have beside its time, level and event. */
export const LOG_FIELD_NAMES: readonly string[] = Object.keys(ALLOWED);

/**
 * What of these fields may be logged. Types say it already; at run time, too, everything is dropped that
 * is not in the list or not of the form that belongs to its name.
 */
export function allowedFields(fields: LogFields): LogFields {
  const given = new Map<string, unknown>(Object.entries(fields));
  return Object.fromEntries(
    Object.entries(ALLOWED).flatMap(([name, form]) => {
      const value = given.get(name);
      return value !== undefined && form.safeParse(value).success ? [[name, value]] : [];
    }),
  );
}

/** A log line of a function: one JSON object. */
export function logLine(message: LogMessage, fields: LogFields): string {
  return JSON.stringify({ message, ...allowedFields(fields) });
}

/** What the functions tell. */
export type LogMessage =
  | 'ingested'
  | 'answered'
  | 'gaps_counted'
  | 'hours_closed'
  | 'shares_purged'
  | 'late_entries'
  | 'identity_rotation';

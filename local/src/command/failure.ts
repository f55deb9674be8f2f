import { systemErrorCode } from '../supervisor/failure.ts';

/** Exit codes of the operators' commands; the same lists stand in their `--help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  noSystem: 3,
  notEntitled: 4,
  noSuchThing: 5,
  interrupted: 130,
} as const;

type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command cannot do its work; the text says what happened, why, and what to do. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}

/** What the queue service calls a caller it does not know, or one that may not do this. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'InvalidSignatureException',
  'UnrecognizedClientException',
]);
const UNREACHABLE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** No system file, or one of a system that has gone. */
export function noSystem(systemFile: string, cause: unknown): CommandFailure {
  return new CommandFailure(
    EXIT.noSystem,
    `There is no running system at ${systemFile}. ` +
      'Start one with "npm start", or name the file of one with --system.',
    cause,
  );
}

/** It was redriven, or it has never been there. */
export function noSuchMessage(id: string): CommandFailure {
  return new CommandFailure(
    EXIT.noSuchThing,
    `There is no message ${id} there. It may have been sent again meanwhile, or be looked at by another ` +
      'call: "npm run quarantine -- list" shows what is there.',
  );
}

/** What a failed call of the queue service means to the person at the command. */
export function queueFailure(systemFile: string, error: unknown): unknown {
  if (UNREACHABLE.has(systemErrorCode(error) ?? '')) return noSystem(systemFile, error);
  if (!(error instanceof Error && REFUSALS.has(error.name))) return error;
  return new CommandFailure(
    EXIT.notEntitled,
    `The running system does not let the role in ${systemFile} do this (${error.name}). ` +
      'Roles are made anew at each start: name the file of the system that runs now with --system.',
    error,
  );
}

/** Exit codes of `npm start`; the same list stands in `--help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  alreadyRunning: 3,
  programsMissing: 4,
  portTaken: 5,
  folderUnusable: 6,
  accountWrong: 7,
  noProof: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The system could not start or go on; the text says what happened, why, and what to do. */
export class StartFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartFailure';
    this.exitCode = exitCode;
  }
}

/** The code of a system error, e.g. `EADDRINUSE`. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

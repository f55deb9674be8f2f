/** Exit codes of `npm run test:aws`; the same list stands in its `--help`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, noEmulator: 3, interrupted: 130 } as const;

/** The command cannot go on; the text says what happened, why, and what to do. */
export class AwsTestFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, cause?: unknown) {
    super(message, { cause });
    this.name = 'AwsTestFailure';
    this.exitCode = exitCode;
  }
}

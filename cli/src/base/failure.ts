/** Exit codes of every verb; they stand in `pulse --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** Something is not what it was signed, committed or recorded as. */
  integrity: 3,
  notAllowed: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What is said of a failure, a line each. */
export interface FailureText {
  readonly what: string;
  readonly why: string;
  /** What to do. */
  readonly remedy: string;
}

/** A verb cannot do its work. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly text: FailureText;

  constructor(exitCode: ExitCode, text: FailureText, cause?: unknown) {
    super(text.what, { cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.text = text;
  }
}

/** Ctrl-C; the remedy says how to go on. */
export class Interruption extends Failure {
  constructor(what: string, remedy: string) {
    super(EXIT.interrupted, { what, why: 'Ctrl-C was pressed.', remedy });
  }
}

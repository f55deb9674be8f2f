import { TEXT } from '../text/en.ts';

/** What a person is told when a request failed: what happened, and what to do. */
export class Failure extends Error {
  readonly status: number;
  /** Error code of docs/ERRORS.md, where the API gave one. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Failure';
    this.status = status;
    this.code = code;
  }

  /** Is nobody there at all? */
  get isOffline(): boolean {
    return this.status === 0;
  }
}

/** Nobody answers. */
export function unreachable(): Failure {
  return new Failure(0, 'offline', TEXT.unreachable);
}

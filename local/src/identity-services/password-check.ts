import { createHash, timingSafeEqual } from 'node:crypto';
import { AttemptLimit } from './attempt-limit.ts';
import type { Login } from './logins.ts';

/** What a try with a password comes to. */
export type CheckedPassword =
  | { readonly outcome: 'right'; readonly login: Login }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'wait'; readonly seconds: number };

/** The test logins and their passwords; whoever guesses is made to wait. */
export class PasswordCheck {
  readonly #logins: readonly Login[];
  readonly #attempts: AttemptLimit;

  constructor(logins: readonly Login[], now: () => number = Date.now) {
    this.#logins = logins;
    this.#attempts = new AttemptLimit(now);
  }

  get all(): readonly Login[] {
    return this.#logins;
  }

  named(user: string): Login | undefined {
    return this.#logins.find((login) => login.user === user);
  }

  check(user: string, password: string): CheckedPassword {
    if (this.#attempts.isBlocked(user)) {
      return { outcome: 'wait', seconds: this.#attempts.pauseSeconds };
    }
    const login = this.#find(user, password);
    if (login !== undefined) return { outcome: 'right', login };
    this.#attempts.failed(user);
    return { outcome: 'wrong' };
  }

  /** Every login is compared, and by digest, so that time tells neither who exists nor how much is right. */
  #find(user: string, password: string): Login | undefined {
    const matches = this.#logins.map(
      (login) => sameText(login.user, user) && sameText(login.password, password),
    );
    return this.#logins[matches.indexOf(true)];
  }
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import { ORGANIZATIONS, type Organization, USER_ROLES } from '@pulseledger/domain';
import type { PageConfig } from './page-config.ts';
import { refresh, revoke, type Tokens } from './sign-in.ts';
import { decodeJwt } from './token-claims.ts';

/** Who is signed in, as the token says; the API decides by the token itself, not by this. */
export interface Person {
  readonly name: string;
  readonly organization: Organization;
  readonly role: (typeof USER_ROLES)[number];
  readonly subjectId: string;
}

/** Gives a token that is valid for a while. */
export interface TokenSource {
  /** @throws when the session is over */
  readonly accessToken: () => Promise<string>;
}

const RENEW_BEFORE_MS = 60_000;
/** Without a touch for so long, the page forgets everything. */
export const IDLE_LIMIT_MS: number = 10 * 60_000;

/** A signed-in person's tokens: in memory only, renewed while in use, forgotten at the end. */
export class Session implements TokenSource {
  readonly person: Person;
  readonly #config: PageConfig;
  #tokens: Tokens;
  #renewing: Promise<Tokens> | undefined;
  #isOver = false;
  readonly #onEnd: () => void;

  /** @param onEnd told when the issuer gives no new token, unless the person has ended the session */
  constructor(config: PageConfig, tokens: Tokens, onEnd: () => void) {
    this.#config = config;
    this.#tokens = tokens;
    this.#onEnd = onEnd;
    this.person = personOf(tokens.accessToken);
  }

  /** A token that is valid for a minute at least. @throws when the session is over */
  async accessToken(): Promise<string> {
    if (Date.now() < this.#tokens.expiresAtMs - RENEW_BEFORE_MS) return this.#tokens.accessToken;
    try {
      this.#renewing ??= this.#renewed().finally(() => {
        this.#renewing = undefined;
      });
      return (await this.#renewing).accessToken;
    } catch (error) {
      if (!this.#isOver) this.#onEnd();
      throw error;
    }
  }

  /** Forgets the tokens, also those that are just being renewed. */
  async end(): Promise<void> {
    this.#isOver = true;
    const { refreshToken } = this.#tokens;
    this.#tokens = NO_TOKENS;
    const renewed = await this.#renewing?.catch(() => undefined);
    const last = renewed?.refreshToken ?? refreshToken;
    this.#tokens = NO_TOKENS;
    if (last !== undefined) await revoke(this.#config, last);
  }

  async #renewed(): Promise<Tokens> {
    const { refreshToken } = this.#tokens;
    if (refreshToken === undefined) throw new Error('The session is over.');
    this.#tokens = await refresh(this.#config, refreshToken);
    return this.#tokens;
  }
}

const NO_TOKENS: Tokens = { accessToken: '', refreshToken: undefined, expiresAtMs: 0 };

/** Who a token is of. @throws TypeError for a token without our claims */
export function personOf(accessToken: string): Person {
  const claims = decodeJwt(accessToken);
  const organization = ORGANIZATIONS.find((one) => one === claims['org']);
  const role = USER_ROLES.find((one) => one === claims['role']);
  const { sub, subject_id: subjectId } = claims;
  if (organization === undefined || role === undefined || typeof subjectId !== 'string') {
    throw new TypeError('The access token does not say who this is.');
  }
  return { name: typeof sub === 'string' ? sub : '', organization, role, subjectId };
}

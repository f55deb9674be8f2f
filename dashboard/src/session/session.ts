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
  readonly #onEnd: () => void;

  /** @param onEnd told when the issuer gives no new token */
  constructor(config: PageConfig, tokens: Tokens, onEnd: () => void) {
    this.#config = config;
    this.#tokens = tokens;
    this.#onEnd = onEnd;
    this.person = personOf(tokens.accessToken);
  }

  /** A token that is valid for a minute at least. @throws when the session is over */
  async accessToken(): Promise<string> {
    if (Date.now() < this.#tokens.expiresAtMs - RENEW_BEFORE_MS) return this.#tokens.accessToken;
    const { refreshToken } = this.#tokens;
    if (refreshToken === undefined) {
      this.#onEnd();
      throw new Error('The session is over.');
    }
    this.#renewing ??= refresh(this.#config, refreshToken).finally(() => {
      this.#renewing = undefined;
    });
    try {
      this.#tokens = await this.#renewing;
      return this.#tokens.accessToken;
    } catch (error) {
      this.#onEnd();
      throw error;
    }
  }

  async end(): Promise<void> {
    const { refreshToken } = this.#tokens;
    this.#tokens = { accessToken: '', refreshToken: undefined, expiresAtMs: 0 };
    if (refreshToken !== undefined) await revoke(this.#config, refreshToken);
  }
}

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

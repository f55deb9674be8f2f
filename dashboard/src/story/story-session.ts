import { z } from 'zod';
import { type Person, personOf, type TokenSource } from '../session/session.ts';

/** Who stands in a frame of the story. */
export const PARTS = ['doctor', 'patient', 'insurer'] as const;
export type Part = (typeof PARTS)[number];

interface Token {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}
const Token: z.ZodType<Token> = z.object({
  accessToken: z.string(),
  expiresInSeconds: z.number(),
});
const RENEW_BEFORE_MS = 60_000;

/** Asks the story's server. @throws TypeError or ZodError when it does not answer as it should */
export async function askStory<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
  const answer = await fetch(`/story/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    cache: 'no-store',
  });
  return schema.parse(await answer.json());
}

/**
 * A sign-in of one of the three: the server of the story asks the issuer with the test login's password, since a browser
 * has one session with the issuer, and here are three people in one browser.
 */
export class StorySession implements TokenSource {
  readonly person: Person;
  readonly #part: Part;
  #token: string;
  #untilMs: number;

  constructor(part: Part, { accessToken, expiresInSeconds }: Token) {
    this.#part = part;
    this.#token = accessToken;
    this.#untilMs = Date.now() + expiresInSeconds * 1_000;
    this.person = personOf(accessToken);
  }

  static async begin(part: Part): Promise<StorySession> {
    return new StorySession(part, await askStory('token', { part }, Token));
  }

  async accessToken(): Promise<string> {
    if (Date.now() > this.#untilMs - RENEW_BEFORE_MS) {
      const renewed = await askStory('token', { part: this.#part }, Token);
      this.#token = renewed.accessToken;
      this.#untilMs = Date.now() + renewed.expiresInSeconds * 1_000;
    }
    return this.#token;
  }
}

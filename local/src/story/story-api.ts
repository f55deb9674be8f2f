import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Login } from '../identity-services/logins.ts';
import { OIDC_CLIENT } from '../identity-services/oidc.ts';

const TIMEOUT_MS = 60_000;
const TOKEN_MARGIN_MS = 120_000;
const MAX_ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;

/** Where a running system answers. */
export interface ApiPlace {
  readonly apiUrl: string;
  readonly issuerUrl: string;
  readonly caPem: string;
}

/** A token as the issuer gives it. */
export interface AccessToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Sending {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Asking {
  readonly body?: object;
  readonly headers?: Sending['headers'];
}

const Granted = z.object({ access_token: z.string(), expires_in: z.number() });

/** A test login's name and password for a token. @throws Error when the issuer refuses */
export async function tokenOf(
  { issuerUrl, caPem }: Pick<ApiPlace, 'issuerUrl' | 'caPem'>,
  { user: username, password }: Pick<Login, 'user' | 'password'>,
): Promise<AccessToken> {
  const form = { grant_type: 'password', client_id: OIDC_CLIENT, username, password };
  const answer = await send(`${issuerUrl}/token`, caPem, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  if (answer.status !== 200) throw refusal('The sign-in', answer);
  const { access_token: accessToken, expires_in: expiresInSeconds } = Granted.parse(
    JSON.parse(answer.body),
  );
  return { accessToken, expiresInSeconds };
}

/** The API of the running system, as one of its test logins. */
export class StoryApi {
  readonly #place: ApiPlace;
  readonly #login: Login;
  #token: { readonly text: string; readonly untilMs: number } = { text: '', untilMs: 0 };
  #signingIn: Promise<void> | undefined;

  constructor(place: ApiPlace, login: Login) {
    this.#place = place;
    this.#login = login;
  }

  get subjectId(): string {
    return this.#login.subjectId;
  }

  /** @throws Error for any answer but success; what is busy is asked again */
  async ask<T>(path: string, schema: z.ZodType<T>, sending: Asking = {}): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(path, sending);
      if (answer.status < 300) return schema.parse(JSON.parse(answer.body));
      const isBusy = answer.status === 429 || answer.status >= 500;
      if (!isBusy || attempt === MAX_ATTEMPTS) throw refusal(path.split('?')[0] ?? '', answer);
      await delay(FIRST_WAIT_MS * attempt);
    }
  }

  async #send(path: string, { body, headers }: Asking): Promise<Answer> {
    const authorization = `Bearer ${await this.#accessToken()}`;
    const url = `${this.#place.apiUrl}/${path}`;
    if (body === undefined) {
      return send(url, this.#place.caPem, { method: 'GET', headers: { authorization } });
    }
    return send(url, this.#place.caPem, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Requests at the same time sign in once. */
  async #accessToken(): Promise<string> {
    if (Date.now() > this.#token.untilMs) {
      this.#signingIn ??= this.#signIn().finally(() => {
        this.#signingIn = undefined;
      });
      await this.#signingIn;
    }
    return this.#token.text;
  }

  async #signIn(): Promise<void> {
    const { accessToken, expiresInSeconds } = await tokenOf(this.#place, this.#login);
    const untilMs = Date.now() + expiresInSeconds * 1_000 - TOKEN_MARGIN_MS;
    this.#token = { text: accessToken, untilMs };
  }
}

/** Ids stay out of it: only what was asked for and the answer's code. */
function refusal(what: string, { status, body }: Answer): Error {
  const code = /"code":\s*"([a-z_]+)"/.exec(body)?.[1] ?? 'no code';
  const where = what.replaceAll(/[0-9a-f]{32}/g, '…');
  return new Error(`${where} was refused: HTTP ${String(status)}, ${code}.`);
}

async function send(url: string, ca: string, { method, headers, body }: Sending): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { method, headers, ca, timeout: TIMEOUT_MS, agent: false };
  const sent = request(url, options, (response) => {
    text(response).then((content) => {
      resolve({ status: response.statusCode ?? 0, body: content });
    }, reject);
  });
  sent.on('timeout', () => sent.destroy(new Error('The system does not answer.')));
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

import type { z } from 'zod';
import type { LoginOptions } from '../base/common-options.ts';
import { EXIT, Failure } from '../base/failure.ts';
import { asFailure, jsonIn, refusal } from './answers.ts';
import { type HttpAnswer, type HttpRequest, send } from './https.ts';
import { readSystem, type System } from './system-file.ts';
import { type Login, logIn, savedLogin } from './token.ts';

/** A token is renewed when it ends sooner than this. */
const RENEW_MS = 30_000;

/** The API of a running system, as somebody who is logged in. */
export class Api {
  readonly system: System;
  readonly #file: string;
  readonly #isForOneCall: boolean;
  #login: Login;

  constructor(system: System, file: string, login: Login, isForOneCall: boolean) {
    this.system = system;
    this.#file = file;
    this.#login = login;
    this.#isForOneCall = isForOneCall;
  }

  /** As `--login` says, else as who has logged in before. @throws Failure */
  static async open({ system: file, login: user }: Omit<LoginOptions, 'json'>): Promise<Api> {
    const system = await readSystem(file);
    const login = user === undefined ? await savedLogin(system) : await logIn(system, file, user);
    return new Api(system, file, login, user !== undefined);
  }

  get user(): string {
    return this.#login.user;
  }

  /** @param path below the API, or a whole link that the API gave @throws Failure */
  async ask<T>(path: string, schema: z.ZodType<T>, request: HttpRequest = {}): Promise<T> {
    const answer = await this.send(path, request);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
    const parsed = schema.safeParse(jsonIn(answer.body));
    if (parsed.success) return parsed.data;
    const text = {
      what: 'The answer of the API cannot be read.',
      why: 'It is not as this version expects it.',
      remedy: 'Start the system with the same version as this command.',
    };
    throw new Failure(EXIT.failed, text, parsed.error);
  }

  /** Whatever the answer is. @throws Failure when there is none */
  async send(path: string, request: HttpRequest = {}): Promise<HttpAnswer> {
    const { apiUrl, apiCaPem } = this.system;
    const url = path.startsWith(apiUrl) ? path : `${apiUrl}/${path}`;
    const headers = { ...request.headers, authorization: `Bearer ${await this.#token()}` };
    try {
      return await send(url, { ...request, headers, caPem: apiCaPem });
    } catch (error) {
      throw asFailure(error, this.#file);
    }
  }

  async #token(): Promise<string> {
    const isEnding = this.#login.expiresAtMs - Date.now() < RENEW_MS;
    if (isEnding && this.#isForOneCall) {
      this.#login = await logIn(this.system, this.#file, this.#login.user);
    }
    return this.#login.accessToken;
  }
}

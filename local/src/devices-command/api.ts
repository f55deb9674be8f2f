import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { DeviceGaps, ListGapsOutput } from '@pulseledger/domain';
import { z } from 'zod';
import { CommandFailure, EXIT, noSystem } from '../command/failure.ts';
import { systemErrorCode } from '../supervisor/failure.ts';

const TIMEOUT_MS = 30_000;
const PAGE_SIZE = 100;
const MAX_PAGES = 1_000;

/** What the command needs of a system file. */
export interface ApiAccess {
  readonly apiUrl: string;
  readonly apiCaPem: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly logins: readonly { readonly user: string; readonly password: string }[];
}
export const ApiAccess: z.ZodType<ApiAccess> = z.object({
  apiUrl: z.url({ protocol: /^https$/ }),
  apiCaPem: z.string(),
  tokenUrl: z.url({ protocol: /^https$/ }),
  clientId: z.string(),
  logins: z.array(z.object({ user: z.string(), password: z.string() })),
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Sending {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const Problem = z.object({ code: z.string(), detail: z.string() });
const Token = z.object({ access_token: z.string() });

/** The HTTPS API of a running system, as one of its test logins. */
export class Api {
  readonly #access: ApiAccess;
  readonly #systemFile: string;
  readonly #user: string;
  #token = '';

  constructor(access: ApiAccess, systemFile: string, user: string) {
    this.#access = access;
    this.#systemFile = systemFile;
    this.#user = user;
  }

  /** @throws CommandFailure when the login does not exist or is refused */
  async logIn(): Promise<void> {
    const { tokenUrl, clientId, logins } = this.#access;
    const login = logins.find(({ user }) => user === this.#user);
    if (login === undefined) {
      throw new CommandFailure(
        EXIT.usage,
        `There is no test login ${this.#user}. There are ${logins.map(({ user }) => user).join(', ')}.`,
      );
    }
    const form = new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      username: login.user,
      password: login.password,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = form.toString();
    const answer = await this.#send(tokenUrl, { method: 'POST', headers, body });
    this.#token = parse(Token, answer, this.#user).access_token;
  }

  async gapsOf(deviceId: string): Promise<DeviceGaps> {
    return parse(DeviceGaps, await this.#get(`/devices/${deviceId}/gaps`), this.#user);
  }

  /** Of every device of the login's organization. */
  async allGaps(): Promise<DeviceGaps[]> {
    const devices: DeviceGaps[] = [];
    let from = '';
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.#get(`/devices/gaps?pageSize=${String(PAGE_SIZE)}${from}`);
      const { devices: more, bookmark } = parse(ListGapsOutput, answer, this.#user);
      devices.push(...more);
      if (bookmark === undefined) break;
      from = `&bookmark=${bookmark}`;
    }
    return devices;
  }

  #get(path: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#token}` };
    return this.#send(`${this.#access.apiUrl}${path}`, { method: 'GET', headers });
  }

  async #send(url: string, { method, headers, body }: Sending): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const options = { method, headers, ca: this.#access.apiCaPem, timeout: TIMEOUT_MS };
    const sent = request(url, { ...options, agent: false }, (response) => {
      text(response).then((content) => {
        resolve({ status: response.statusCode ?? 0, body: content });
      }, reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('The system does not answer.')));
    sent.on('error', reject);
    sent.end(body);
    try {
      return await promise;
    } catch (error) {
      const isGone = ['ECONNREFUSED', 'ECONNRESET'].includes(systemErrorCode(error) ?? '');
      throw isGone ? noSystem(this.#systemFile, error) : error;
    }
  }
}

function parse<T>(schema: z.ZodType<T>, { status, body }: Answer, user: string): T {
  const json = parseJson(body);
  if (status === 200) return schema.parse(json);
  const { detail } = Problem.safeParse(json).data ?? {
    detail: `The system answers ${String(status)}.`,
  };
  switch (status) {
    case 404:
      throw new CommandFailure(
        EXIT.noSuchThing,
        `There is no such device, or it is none of the business of ${user}.`,
      );
    case 401:
    case 403:
      throw new CommandFailure(EXIT.notEntitled, `${user} may not see this: ${detail}`);
    default:
      throw new CommandFailure(EXIT.failed, detail);
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

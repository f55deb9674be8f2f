import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Finished, type Running, start } from './start.ts';

const READY_LIMIT_MS = 120_000;
const POLL_MS = 100;

const SystemFile = z.object({
  pageUrl: z.string(),
  apiUrl: z.string(),
  apiCaPem: z.string(),
  tokenUrl: z.string(),
  clientId: z.string(),
  logins: z.array(
    z.object({
      user: z.string(),
      password: z.string(),
      role: z.string(),
      subjectId: z.string(),
    }),
  ),
  patients: z.array(z.object({ patientId: z.string(), login: z.string().optional() })),
});
export type SystemFile = z.infer<typeof SystemFile>;

/** What a running system says about itself. @throws Error when there is none */
export async function readSystemFile(file: string): Promise<SystemFile> {
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
  return SystemFile.parse(parsed);
}

/** An answer over HTTPS. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function send(url: string, ca: string, { method, headers, body }: Sending): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(url, { method: method ?? 'GET', headers: { ...headers }, ca, agent: false });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') });
    });
  });
  sent.end(body);
  return promise;
}

/** `npm start` as a user runs it, with its data in `folder`. */
export class RunningSystem {
  readonly folder: string;
  readonly system: SystemFile;
  readonly #running: Running;

  constructor(folder: string, system: SystemFile, running: Running) {
    this.folder = folder;
    this.system = system;
    this.#running = running;
  }

  /** Resolves when the system says that it is ready. */
  static async start(folder: string, args: readonly string[]): Promise<RunningSystem> {
    const running = start('local/src/main.ts', ['--data', folder, ...args]);
    const file = join(folder, 'run', 'system.json');
    const limit = Date.now() + READY_LIMIT_MS;
    while (Date.now() < limit && running.child.exitCode === null) {
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text !== undefined) {
        const parsed: unknown = JSON.parse(text);
        return new RunningSystem(folder, SystemFile.parse(parsed), running);
      }
      await delay(POLL_MS);
    }
    running.child.kill('SIGKILL');
    const { stderr } = await running.finished;
    throw new Error(`the system did not get ready:\n${stderr}`);
  }

  /** An access token of a test login. */
  async token(user: string): Promise<string> {
    const { tokenUrl, apiCaPem, clientId, logins } = this.system;
    const password = logins.find((login) => login.user === user)?.password ?? '';
    const form = new URLSearchParams({
      grant_type: 'password',
      username: user,
      password,
      client_id: clientId,
    });
    const { status, body } = await send(tokenUrl, apiCaPem, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    if (status !== 200) throw new Error(`no token: ${status} ${body}`);
    const parsed: unknown = JSON.parse(body);
    return z.object({ access_token: z.string() }).parse(parsed).access_token;
  }

  /** GET on the FHIR API; `path` begins with `/`, or is a whole link. */
  get(path: string, token: string): Promise<Answer> {
    const url = path.startsWith('https:') ? path : `${this.system.apiUrl}${path}`;
    return send(url, this.system.apiCaPem, { headers: { authorization: `Bearer ${token}` } });
  }

  /** POST of JSON to the API. */
  post(path: string, token: string, body: object): Promise<Answer> {
    return send(`${this.system.apiUrl}${path}`, this.system.apiCaPem, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** Ctrl-C, and what was printed in all. */
  stop(): Promise<Finished> {
    this.#running.child.kill('SIGINT');
    return this.ended();
  }

  /** What was printed in all, when a run with `--for` has ended by itself. */
  ended(): Promise<Finished> {
    return this.#running.finished;
  }
}

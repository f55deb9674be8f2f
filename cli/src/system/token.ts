import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, Failure } from '../base/failure.ts';
import { asFailure } from './answers.ts';
import { send } from './https.ts';
import { fingerprint, type System } from './system-file.ts';

/** A token that ends sooner than this is not begun with. */
const LEAST_LEFT_MS = 5_000;

/** Who has logged in, until when. */
export interface Login {
  readonly user: string;
  readonly accessToken: string;
  readonly expiresAtMs: number;
}

const Saved = z.object({
  /** Of the system that gave it. */
  system: z.string(),
  user: z.string(),
  accessToken: z.string(),
  expiresAtMs: z.number(),
});
const Granted = z.object({ access_token: z.string(), expires_in: z.number() });

function fileOf(system: System): string {
  return join(system.dataFolder, 'cli', 'login.json');
}

/** Writes a file of the command line: whole or not at all, for the owner only. */
export async function writePrivately(system: System, name: string, value: object): Promise<void> {
  const folder = join(system.dataFolder, 'cli');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  await writeFile(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Asks the issuer for a token of a test login. @throws Failure */
export async function logIn(system: System, systemFile: string, user: string): Promise<Login> {
  const login = system.logins.find((one) => one.user === user);
  if (login === undefined) {
    throw new Failure(EXIT.usage, {
      what: 'There is no such test login.',
      why: `This system knows ${system.logins.map((one) => one.user).join(', ')}.`,
      remedy: 'Take one of them.',
    });
  }
  const form = new URLSearchParams({
    grant_type: 'password',
    client_id: system.clientId,
    username: login.user,
    password: login.password,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = {
    method: 'POST',
    headers,
    body: form.toString(),
    caPem: system.apiCaPem,
  } as const;
  const answer = await send(system.tokenUrl, request).catch((error: unknown) => {
    throw asFailure(error, systemFile);
  });
  const granted = answer.status === 200 ? Granted.parse(JSON.parse(answer.body)) : undefined;
  if (granted === undefined) {
    throw new Failure(EXIT.notAllowed, {
      what: `${user} cannot log in.`,
      why: `The issuer answered ${answer.status}.`,
      remedy: 'Was the system started anew? Name the file of the one that runs now with --system.',
    });
  }
  const expiresAtMs = Date.now() + granted.expires_in * 1_000;
  return { user, accessToken: granted.access_token, expiresAtMs };
}

export async function saveLogin(system: System, login: Login): Promise<void> {
  await writePrivately(system, 'login.json', { system: fingerprint(system), ...login });
}

/** @throws Failure when nobody is logged in any more */
export async function savedLogin(system: System): Promise<Login> {
  const saved = await readSaved(fileOf(system));
  const isOurs = saved?.system === fingerprint(system);
  if (saved === undefined || !isOurs || saved.expiresAtMs - Date.now() < LEAST_LEFT_MS) {
    throw new Failure(EXIT.notAllowed, {
      what: 'Nobody is logged in.',
      why:
        saved !== undefined && isOurs
          ? `The login of ${saved.user} has ended.`
          : 'This needs a login.',
      remedy: `Run "npx pulse login ${saved?.user ?? 'hospital-doctor'}", or add --login USER.`,
    });
  }
  return saved;
}

async function readSaved(file: string): Promise<z.infer<typeof Saved> | undefined> {
  try {
    return Saved.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

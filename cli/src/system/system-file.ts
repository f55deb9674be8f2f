import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Identifier } from '@pulseledger/domain';
import { z } from 'zod';
import { EXIT, Failure } from '../base/failure.ts';

const Url = z.url({ protocol: /^https?$/ });
const Pem = z.string().startsWith('-----BEGIN').max(65_536);

/** A test login of the running system. */
export interface TestLogin {
  readonly user: string;
  readonly password: string;
  readonly role: string;
  readonly organization: string;
  readonly subjectId: string;
}

/** Secrets Manager of the running system, for who may see and rotate the services' identities. */
export interface IdentitiesAccess {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly prefix: string;
  /** `ingest/hospital` … */
  readonly services: readonly string[];
}

/** Coordinates of a running system, as `npm start` writes them (DATA/run/system.json). */
export interface System {
  readonly network: string;
  readonly pid: number;
  readonly dataFolder: string;
  readonly pageUrl: string;
  readonly apiUrl: string;
  readonly apiCaPem: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly enrolmentUrl: string;
  readonly metricsUrl: string;
  readonly identities: IdentitiesAccess;
  readonly logins: readonly TestLogin[];
  readonly patients: readonly { readonly login?: string | undefined; readonly patientId: string }[];
}
const System: z.ZodType<System> = z.object({
  network: z.string().max(64),
  pid: z.int().min(1),
  dataFolder: z.string().min(1).max(4_096),
  pageUrl: Url,
  apiUrl: Url,
  apiCaPem: Pem,
  tokenUrl: Url,
  clientId: z.string().max(256),
  enrolmentUrl: Url,
  metricsUrl: Url,
  identities: z.object({
    region: z.string().max(64),
    endpoint: Url,
    accessKeyId: z.string().max(128),
    secretAccessKey: z.string().max(256),
    prefix: z.string().max(256),
    services: z.array(z.string().max(64)).max(64),
  }),
  logins: z
    .array(
      z.object({
        user: z.string().max(256),
        password: z.string().max(256),
        role: z.string().max(64),
        organization: z.string().max(64),
        subjectId: Identifier,
      }),
    )
    .max(10_000),
  patients: z
    .array(z.object({ login: z.string().max(256).optional(), patientId: Identifier }))
    .max(10_000),
});

/** @throws Failure when there is none, it may not be read, or it is of another version */
export async function readSystem(file: string): Promise<System> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    return System.parse(JSON.parse(text));
  } catch (error) {
    const text = {
      what: 'The coordinates of the system cannot be used.',
      why: `${file} is not a system file of this version.`,
      remedy:
        'Start the system again with this version, or name its DATA/run/system.json with --system.',
    };
    throw new Failure(EXIT.failed, text, error);
  }
}

function unreadable(file: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EACCES' || code === 'EPERM') {
    const text = {
      what: 'You may not use this system.',
      why: `${file} belongs to who started it (${code}).`,
      remedy: 'Run this command as that user.',
    };
    return new Failure(EXIT.notAllowed, text, error);
  }
  return noSystem(file, error);
}

/** No system file, or one of a system that has gone. */
export function noSystem(file: string, cause: unknown): Failure {
  const text = {
    what: 'No system answers.',
    why: `None runs at ${file}.`,
    remedy: 'Start one with "npm start", or name the file of one with --system.',
  };
  return new Failure(EXIT.failed, text, cause);
}

/**
 * The id of a patient named by id or by test login.
 *
 * @throws Failure when no test login is called so
 */
export function patientNamed(system: System, idOrLogin: string): string {
  if (Identifier.safeParse(idOrLogin).success) return idOrLogin;
  const patient = system.patients.find(({ login }) => login === idOrLogin);
  if (patient !== undefined) return patient.patientId;
  const known = system.patients.flatMap(({ login }) => login ?? []);
  throw new Failure(EXIT.usage, {
    what: 'There is no such patient.',
    why: 'It is neither a 32-digit id nor the test login of a patient.',
    remedy: `Take one of ${known.join(', ')}, or an id that "npx pulse patients" shows.`,
  });
}

/** Tells systems apart: what belongs to one is never taken for another's. */
export function fingerprint({ apiCaPem }: System): string {
  return createHash('sha256').update(apiCaPem).digest('hex').slice(0, 12);
}

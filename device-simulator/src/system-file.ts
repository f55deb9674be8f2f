import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Identifier, PulseError } from '@pulseledger/domain';
import { z } from 'zod';

const Url = z.url({ protocol: /^(https|mqtts)$/ });
const Pem = z.string().startsWith('-----BEGIN').max(65_536);

/** Coordinates of a running system, as `npm start` writes them (DATA/run/system.json). */
export interface SystemFile {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly apiCaPem: string;
  readonly enrolmentUrl: string;
  /** Folder that holds this system's ledger: what belongs to the same ledger is kept beside it. */
  readonly dataFolder: string;
  readonly logins: readonly {
    readonly user: string;
    readonly password: string;
    readonly role: string;
    readonly organization: string;
    readonly subjectId: string;
  }[];
  readonly patients: readonly { readonly login?: string | undefined; readonly patientId: string }[];
}
export const SystemFile: z.ZodType<SystemFile> = z.object({
  tokenUrl: Url,
  clientId: z.string().max(256),
  apiCaPem: Pem,
  enrolmentUrl: Url,
  dataFolder: z.string().min(1).max(4_096),
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

/**
 * Read the coordinates of a running system.
 *
 * @throws PulseError unavailable when there is none, invalid_input when the file is not one.
 */
export async function readSystemFile(path: string): Promise<SystemFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new PulseError(
      'unavailable',
      `no running system at ${path}: start one with "npm start", or name its file with --system`,
      { cause: error },
    );
  }
  try {
    return SystemFile.parse(JSON.parse(text));
  } catch (error) {
    throw new PulseError('invalid_input', `${path} is not a system file of this version`, {
      cause: error,
    });
  }
}

/**
 * Where a simulator keeps its keys, outbox and memory of what it has delivered: beside the ledger
 * that it delivers to, under the fingerprint of that system's authority, so that another system's
 * memory is never taken for this one's.
 */
export function stateFolder(system: SystemFile, name: string): string {
  const authority = createHash('sha256').update(system.apiCaPem).digest('hex').slice(0, 12);
  return join(system.dataFolder, name, authority);
}

/**
 * The id of a patient named by id or by test login.
 *
 * @throws PulseError not_found when the system has no such test login.
 */
export function patientNamed(system: SystemFile, idOrLogin: string): string {
  if (Identifier.safeParse(idOrLogin).success) return idOrLogin;
  const patient = system.patients.find((candidate) => candidate.login === idOrLogin);
  if (patient === undefined) {
    throw new PulseError(
      'not_found',
      'the running system has no such patient: give a 32-digit id, or one of the logins that npm start prints',
    );
  }
  return patient.patientId;
}

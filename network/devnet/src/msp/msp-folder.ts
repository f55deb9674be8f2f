import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../is-missing.ts';
import type { MspConfiguration, NodeUnit } from './msp.ts';

/** An organization's MSP folder, with what only TLS and the channel's configuration need. */
export interface MspFolder extends MspConfiguration {
  readonly tlsRoots: readonly string[];
}

async function readAll(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return Promise.all(names.sort().map((name) => readFile(join(folder, name), 'utf8')));
}

/**
 * Reads an MSP folder as network/identity writes it: NodeOUs named after their roles, certified by the
 * intermediate authority when there is exactly one.
 *
 * @throws Error when a file cannot be read, or there is no root.
 */
export async function readMspFolder(mspId: string, folder: string): Promise<MspFolder> {
  const [roots, intermediates, revocationLists, tlsRoots] = await Promise.all(
    ['cacerts', 'intermediatecerts', 'crls', 'tlscacerts'].map((n) => readAll(join(folder, n))),
  );
  if (roots === undefined || roots.length === 0)
    throw new Error(`There is no root certificate in ${folder}.`);
  const certifier = intermediates?.length === 1 ? intermediates[0] : undefined;
  const unit = (identifier: string): NodeUnit => ({ identifier, certifier });
  return {
    mspId,
    roots,
    intermediates: intermediates ?? [],
    revocationLists: revocationLists ?? [],
    tlsRoots: tlsRoots ?? [],
    nodeUnits: {
      client: unit('client'),
      peer: unit('peer'),
      admin: unit('admin'),
      orderer: unit('orderer'),
    },
  };
}

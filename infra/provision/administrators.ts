import type { NetworkDefinition } from '@pulseledger/network/definition';
import { issueAdministrator } from '@pulseledger/network/identity';
import { administratorSecretName } from '../lib/names.ts';
import type { Edges } from './edges.ts';
import { type KeyFiles, readKeyFiles } from './key-store.ts';

/** Long enough for a large network; whoever takes one from a machine has little of it. */
const LIFETIME_MS = 2 * 60 * 60_000;
const EMPTY = JSON.stringify({ files: {} });

/**
 * Gives every organization an administrator for the length of `work`: a certificate of two hours, in a secret that the
 * organization's machines read and that is emptied afterwards. A machine that somebody takes over on another day
 * finds no administrator.
 */
export async function withAdministrators<T>(
  edges: Edges,
  keysFolder: string,
  definition: NetworkDefinition,
  work: () => Promise<T>,
): Promise<T> {
  const { organizations } = definition;
  try {
    for (const organization of organizations) {
      await issueAdministrator(keysFolder, organization, LIFETIME_MS);
      const { name } = organization;
      const files = await administratorFiles(keysFolder, definition, name);
      const secret = administratorSecretName(name);
      await edges.of(name).secrets.write(secret, JSON.stringify({ files }));
    }
    return await work();
  } finally {
    for (const { name } of organizations) {
      await edges.of(name).secrets.write(administratorSecretName(name), EMPTY);
    }
  }
}

/** What an organization's administrator needs on a machine: the own keys, and certificates to know all nodes by. */
export async function administratorFiles(
  keysFolder: string,
  { organizations }: NetworkDefinition,
  organization: string,
): Promise<KeyFiles> {
  // What signs for another organization's nodes has to know them.
  const roots = await readKeyFiles(
    keysFolder,
    organizations.map(({ name }) => `${name}/ca/tls`),
  );
  const certificates = Object.entries(roots).filter(([file]) => file.endsWith('/certificate.pem'));
  const own = await readKeyFiles(keysFolder, [`${organization}/administrators/admin`]);
  return { ...Object.fromEntries(certificates), ...own };
}

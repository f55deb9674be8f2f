import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CertifiedKey } from './certificate.ts';

/** An organization's authorities. Only `issuing` makes Fabric identities. */
export type AuthorityKind = 'root' | 'issuing' | 'tls' | 'device';

/** A folder with `certificate.pem` and `key.pem`. */
export interface CertifiedKeyFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Files of a peer, an orderer or an administrator. */
export interface NodeFiles {
  /** Fabric's MSP folder: cacerts, intermediatecerts, tlscacerts, signcerts, keystore, config.yaml. */
  readonly mspFolder: string;
  readonly identity: CertifiedKeyFiles;
  readonly tls: CertifiedKeyFiles;
}

/** Where an organization's keys are. */
export interface OrganizationKeys {
  /** MSP folder without a signer, as channel configuration wants it. */
  readonly mspFolder: string;
  readonly authority: Readonly<Record<AuthorityKind, CertifiedKeyFiles>>;
  readonly deviceRevocationListFile: string;
  /** Revoked Fabric identities; absent until there is one. */
  readonly identityRevocationListFile: string;
  readonly peer: (name: string) => NodeFiles;
  readonly orderer: (name: string) => NodeFiles;
  readonly administrator: NodeFiles;
  readonly service: (name: string) => CertifiedKeyFiles;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

function pair(folder: string): CertifiedKeyFiles {
  return { certificateFile: join(folder, 'certificate.pem'), keyFile: join(folder, 'key.pem') };
}

function nodeFiles(folder: string): NodeFiles {
  const mspFolder = join(folder, 'msp');
  return {
    mspFolder,
    identity: {
      certificateFile: join(mspFolder, 'signcerts', 'certificate.pem'),
      keyFile: join(mspFolder, 'keystore', 'key.pem'),
    },
    tls: pair(join(folder, 'tls')),
  };
}

/**
 * The files of one organization below the folder of all keys.
 *
 * @throws RangeError for an organization's name that would leave the folder.
 */
export function organizationKeys(keysDir: string, organization: string): OrganizationKeys {
  const folder = join(keysDir, safeName(organization));
  const authority = (kind: AuthorityKind): CertifiedKeyFiles => pair(join(folder, 'ca', kind));
  return {
    mspFolder: join(folder, 'msp'),
    authority: {
      root: authority('root'),
      issuing: authority('issuing'),
      tls: authority('tls'),
      device: authority('device'),
    },
    deviceRevocationListFile: join(folder, 'ca', 'device', 'revoked.pem'),
    identityRevocationListFile: join(folder, 'ca', 'issuing', 'revoked.pem'),
    peer: (name) => nodeFiles(join(folder, 'peers', safeName(name))),
    orderer: (name) => nodeFiles(join(folder, 'orderers', safeName(name))),
    administrator: nodeFiles(join(folder, 'administrators', 'admin')),
    service: (name) => pair(join(folder, 'services', safeName(name))),
  };
}

function safeName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(name)) return name;
  throw new RangeError('A name of keys has lower-case letters, digits and hyphens only.');
}

/** Writes a file that only its owner reads, whole or not at all. */
export async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, text, { mode: FILE_MODE });
  // The mode above is cut by the process's umask only; a copied-in folder may have been wider.
  await chmod(unfinished, FILE_MODE);
  await rename(unfinished, file);
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function readCertifiedKey(files: CertifiedKeyFiles): Promise<CertifiedKey> {
  const [certificatePem, privateKeyPem] = await Promise.all([
    readFile(files.certificateFile, 'utf8'),
    readFile(files.keyFile, 'utf8'),
  ]);
  return { certificatePem, privateKeyPem };
}

const NEXT = '.next';

function nextOf(files: CertifiedKeyFiles): CertifiedKeyFiles {
  return { certificateFile: `${files.certificateFile}${NEXT}`, keyFile: `${files.keyFile}${NEXT}` };
}

/** Completes a replacement that was cut off after the new pair had been written. */
async function finishReplacement(files: CertifiedKeyFiles): Promise<void> {
  const next = nextOf(files);
  if ((await readIfPresent(next.certificateFile)) === undefined) return;
  if ((await readIfPresent(next.keyFile)) !== undefined) await rename(next.keyFile, files.keyFile);
  await rename(next.certificateFile, files.certificateFile);
}

/** Puts another pair into these files; whenever it is cut off, the next reading finds the old pair or the new one. */
export async function replaceCertifiedKey(
  files: CertifiedKeyFiles,
  made: CertifiedKey,
): Promise<void> {
  const next = nextOf(files);
  await writePrivate(next.keyFile, made.privateKeyPem);
  // Written last: with it the new pair is whole.
  await writePrivate(next.certificateFile, made.certificatePem);
  await finishReplacement(files);
}

/**
 * The pair in these files; made and written when it is not there yet. The certificate is written
 * last, so that a pair cut off in the middle counts as absent.
 */
export async function ensureCertifiedKey(
  files: CertifiedKeyFiles,
  make: () => CertifiedKey,
): Promise<CertifiedKey> {
  await finishReplacement(files);
  if ((await readIfPresent(files.certificateFile)) !== undefined) return readCertifiedKey(files);
  const made = make();
  await writePrivate(files.keyFile, made.privateKeyPem);
  await writePrivate(files.certificateFile, made.certificatePem);
  return made;
}

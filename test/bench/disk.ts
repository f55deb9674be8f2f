import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below a folder, as long as they are and not as the disk rounds them up. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    // Databases replace files while they run.
    const found = await lstat(join(folder, name)).catch(() => undefined);
    bytes += found?.isFile() === true ? found.size : 0;
  }
  return bytes;
}

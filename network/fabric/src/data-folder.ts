import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The data folder cannot be made or written; the message says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** Step by step: Node's own recursive mkdir never returns where a folder cannot be made, as in /proc. */
async function make(folder: string): Promise<void> {
  if (await exists(folder)) return;
  await make(dirname(folder));
  await mkdir(folder, { mode: 0o700 });
}

/**
 * Makes the data folder when it is not there, and checks that it can be written.
 *
 * @throws DataFolderError
 */
export async function prepareDataFolder(folder: string): Promise<void> {
  try {
    await make(folder);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataFolderError(
      `The data folder cannot be used: ${why}. Choose another one with --data.`,
      { cause: error },
    );
  }
}

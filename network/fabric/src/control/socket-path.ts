import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Unix socket's path has at most 103 bytes on macOS and 107 on Linux. */
const LONGEST_PATH = 100;

/** Where the control socket of a data folder is. Only the folder's owner can reach it: the folders are 0700. */
export function controlSocket(dataDir: string): string {
  const path = join(dataDir, 'run', 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(tmpdir(), `pulseledger-${name}`, 'control.sock');
}

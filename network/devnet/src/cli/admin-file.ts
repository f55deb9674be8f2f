import { join } from 'node:path';

/** Where a running network writes how its admin endpoint is reached. */
export function adminFile(dataDir: string): string {
  return join(dataDir, 'run', 'admin.json');
}

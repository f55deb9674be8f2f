// Part of `npm run check`: no key, token or password in what is under version control. A folder may be named.
import { join, resolve } from 'node:path';
import { findSecrets, trackedFiles } from './supply/find-secrets.ts';

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
const found = await findSecrets(root, trackedFiles(root));
if (found !== '') {
  console.error(found);
  process.exitCode = 1;
}

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine } from '@secretlint/node';

const MAX_BYTES = 64 * 1024 * 1024;

/** Files that are under version control and there. @throws Error outside a repository */
export function trackedFiles(root: string): string[] {
  const list = execFileSync('git', ['ls-files', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: MAX_BYTES,
  });
  return list
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => join(root, path))
    .filter((path) => existsSync(path));
}

/**
 * Looks for keys and tokens with secretlint's recommended rules.
 *
 * @param files - absolute paths
 * @returns what was found, the secrets themselves masked; empty when there is nothing
 */
export async function findSecrets(root: string, files: readonly string[]): Promise<string> {
  const engine = await createEngine({
    cwd: root,
    color: false,
    formatter: 'unix',
    maskSecrets: true,
    configFileJSON: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend' }] },
  });
  const { ok, output } = await engine.executeOnFiles({ filePathList: [...files] });
  return ok ? '' : output;
}

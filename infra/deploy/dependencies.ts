import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/** Folder of a package as `require` would find it from another folder, up to `root`. */
function resolvePackage(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === root || folder === dirname(folder)) return undefined;
  }
}

/**
 * Folders of everything that a workspace needs to run, below `root`, links of workspaces among them.
 *
 * @throws Error when a dependency is not installed.
 */
export async function dependenciesOf(root: string, workspace: string): Promise<string[]> {
  const found = new Set<string>();
  const waiting = [join(root, workspace)];
  for (const folder of waiting) {
    const text = await readFile(join(folder, 'package.json'), 'utf8');
    const { dependencies, optionalDependencies } = manifestSchema.parse(JSON.parse(text));
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      // A linked workspace looks for what it needs from where it really is.
      const place = resolvePackage(root, realpathSync(folder), name);
      if (place === undefined && name in optionalDependencies) continue;
      if (place === undefined) throw new Error(`${name} is not installed. Run: npm install`);
      if (found.has(place)) continue;
      found.add(place);
      waiting.push(place);
    }
  }
  return [...found].map((folder) => relative(root, folder)).toSorted();
}

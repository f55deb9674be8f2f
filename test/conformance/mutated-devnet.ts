import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { startDevnet } from '@pulseledger/network/devnet';
import type { Mutation } from './mutations.ts';

const SOURCES: string = resolve(import.meta.dirname, '../../network/devnet/src');
const SOURCES_URL = `${pathToFileURL(SOURCES).href}/`;

/** The file's text with the rule broken. @throws Error when the line is not there, or more than once. */
export function mutate(text: string, { file, from, to }: Mutation): string {
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} times, not once: ${from}`);
  }
  return parts.join(to);
}

/** The whole file of a mutation as it is. */
export function original({ file }: Mutation): string {
  return readFileSync(join(SOURCES, file), 'utf8');
}

/** A copy of the devnet's modules in which one rule is broken; the rest of the process keeps the true ones. */
export async function mutatedStart(mutation: Mutation, id: number): Promise<typeof startDevnet> {
  const mark = `?mutation=${id}`;
  const target = join(SOURCES, mutation.file);
  const isMarked = (url: string): boolean => url.startsWith(SOURCES_URL) && url.endsWith(mark);
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const isOwn = found.url.startsWith(SOURCES_URL) && isMarked(context.parentURL ?? '');
      return isOwn ? { ...found, url: `${found.url}${mark}` } : found;
    },
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!isMarked(url) || fileURLToPath(url.slice(0, -mark.length)) !== target) return loaded;
      return { ...loaded, source: mutate(readFileSync(target, 'utf8'), mutation) };
    },
  });
  try {
    const module: unknown = await import(`${SOURCES_URL}devnet.ts${mark}`);
    return (module as { startDevnet: typeof startDevnet }).startDevnet;
  } finally {
    hooks.deregister();
  }
}

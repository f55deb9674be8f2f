import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../../integration/start.ts';

/** The functions that the contracts really have, read off their source. */
export async function contractFunctions(): Promise<string[]> {
  const folder = join(CHECKOUT, 'chaincode', 'src', 'contracts');
  const files = (await readdir(folder)).filter((name) => name.endsWith('-contract.ts'));
  const names = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      const contract = /super\('(\w+)'\)/.exec(text)?.[1] ?? '';
      const functions = text.matchAll(/@Transaction\([^)]*\)[^(]*\([^)]*\)\s*(\w+)\(context/g);
      return [...functions].map(([, name]) => `${contract}:${name ?? ''}`);
    }),
  );
  return names.flat().sort();
}

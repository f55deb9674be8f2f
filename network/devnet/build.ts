// Makes the package that other projects install: Node does not strip types below node_modules, and the definition and
// identity folders are not packages of their own.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import ts from 'typescript';
import { z } from 'zod';

const here = import.meta.dirname;
const network = join(here, '..');
const dist = join(here, 'dist');
/** Parts of the network's sources that are in the package. */
const parts = ['devnet/src', 'definition/src', 'identity/src'];

const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** Sources without tests and what only tests use. */
async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.endsWith('.test.ts') && !file.split('/').includes('testing'));
}

/** Every export says its type (isolatedDeclarations), so each file's declarations are made from it alone. */
async function declare(file: string): Promise<void> {
  const { outputText } = ts.transpileDeclaration(await readFile(file, 'utf8'), {
    fileName: file,
    compilerOptions: { isolatedDeclarations: true, module: ts.ModuleKind.NodeNext },
  });
  const path = relative(network, file).replace(/\.ts$/, '.d.ts');
  const declarations = outputText.replaceAll(/(from '\.{1,2}\/[^']*)\.ts'/g, "$1.js'");
  const target = join(dist, 'esm', 'types', path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, declarations);
}

async function bundle(external: readonly string[]): Promise<void> {
  const common: BuildOptions = {
    bundle: true,
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    external: [...external],
    legalComments: 'eof',
    logLevel: 'warning',
  };
  const index = join(here, 'src', 'index.ts');
  // Bundled CommonJS libraries still `require` Node's own modules.
  const banner =
    "import { createRequire as devnetRequire } from 'node:module'; const require = devnetRequire(import.meta.url);";
  await Promise.all([
    build({
      ...common,
      format: 'cjs',
      entryPoints: [index],
      outdir: join(dist, 'cjs'),
      // It requires ES modules, which jest cannot do for CommonJS tests.
      // (pkcs11js is for hardware keys: loaded when one is asked for, and then it must be installed.)
      external: [...external.filter((name) => name !== '@hyperledger/fabric-gateway'), 'pkcs11js'],
    }),
    build({
      ...common,
      format: 'esm',
      entryPoints: [index, join(here, 'src', 'main.ts')],
      outdir: join(dist, 'esm'),
      banner: { js: banner },
    }),
  ]);
}

await rm(dist, { recursive: true, force: true });
const { dependencies } = manifest.parse(
  JSON.parse(await readFile(join(here, 'package.json'), 'utf8')),
);
await bundle(Object.keys(dependencies));
const files = (await Promise.all(parts.map((part) => sources(join(network, part))))).flat();
await Promise.all(files.map(declare));
await cp(join(dist, 'esm', 'types'), join(dist, 'cjs', 'types'), { recursive: true });
await writeFile(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');

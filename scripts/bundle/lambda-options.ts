import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { englishOnly } from './english-only.ts';
import { gatewayClient } from './gateway-client.ts';

/** Names of the folders below `lambdas` that hold a function. */
export function lambdaNames(root: string): string[] {
  const folder = join(root, 'lambdas');
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'src', 'handler.ts')));
}

/** fabric-gateway asks for pkcs11js only when an HSM signer is made. */
const EXTERNAL = ['pkcs11js'];

/** What every bundle of a function is: one CommonJS file for Node 24, with its own libraries. */
export function plainOptions(
  root: string,
  names: readonly string[],
  outdir: string,
): BuildOptions & { readonly metafile: true } {
  return {
    entryPoints: names.map((name) => ({
      in: join(root, 'lambdas', name, 'src', 'handler.ts'),
      out: `${name}/index`,
    })),
    absWorkingDir: root,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    external: EXTERNAL,
    metafile: true,
    logLevel: 'error',
  };
}

/** The same as it is delivered: with names for traces, and without what no function of ours uses. */
export function lambdaOptions(
  root: string,
  names: readonly string[],
  outdir: string,
): BuildOptions & { readonly metafile: true } {
  return {
    ...plainOptions(root, names, outdir),
    keepNames: true,
    sourcemap: 'linked',
    // The AWS SDK's ECMAScript modules: of its CommonJS ones nothing can be left out.
    mainFields: ['module', 'main'],
    // grpc-js asks for proto-loader only when a server offers channelz or load reports.
    external: [...EXTERNAL, '@grpc/proto-loader'],
    plugins: [englishOnly, gatewayClient],
  };
}

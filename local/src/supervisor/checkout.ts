import { join, resolve } from 'node:path';

/** The project's folder. */
export const CHECKOUT: string = resolve(import.meta.dirname, '../../..');
/** Node keeps there what it made of our TypeScript, so that the next start has less to do. */
export const COMPILE_CACHE: string = join(CHECKOUT, '.cache', 'node');

/** Entry file of one of our own processes. */
export function entryOf(
  name: 'cloud' | 'identity-services' | 'lambda-host' | 'http-api' | 'web',
): string {
  return join(CHECKOUT, 'local', 'src', name, 'main.ts');
}

/** The built web page. */
export const DASHBOARD: string = join(CHECKOUT, 'dist', 'dashboard');

/** The built page of `--story`, apart from it: it is never deployed. */
export const STORY_PAGE: string = join(CHECKOUT, 'dist', 'story');

/** A built Lambda function, the file that is uploaded to AWS. */
export function lambdaFile(name: string): string {
  return join(CHECKOUT, 'dist', 'lambdas', name, 'index.cjs');
}

import { join, resolve } from 'node:path';

/** The project's folder. */
export const CHECKOUT: string = resolve(import.meta.dirname, '../../..');
/** Ends a program that is not ours to change when the supervisor is gone. */
export const PRELOAD: string = import.meta.resolve('../process/die-with-parent.ts');

/** Entry file of one of our own processes. */
export function entryOf(name: 'cloud' | 'identity-services' | 'lambda-host' | 'http-api'): string {
  return join(CHECKOUT, 'local', 'src', name, 'main.ts');
}

/** A built Lambda function, the file that is uploaded to AWS. */
export function lambdaFile(name: string): string {
  return join(CHECKOUT, 'dist', 'lambdas', name, 'index.cjs');
}

import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A child that has ended. */
export interface Ended {
  /** null when a signal ended it, or when it could not be started. */
  readonly code: number | null;
  /** Both of its outputs, in the order of their coming. */
  readonly output: string;
}

export type RunOptions = Pick<SpawnOptionsWithoutStdio, 'cwd' | 'env' | 'signal'>;

/**
 * Runs a program to its end; an abort ends it with SIGTERM.
 *
 * @throws Error of the system when there is no such program, AbortError after an abort
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  const closed = once(child, 'close');
  await Promise.race([
    closed,
    once(child, 'error').then(([error]) => Promise.reject(error as Error)),
  ]).catch(async (error: unknown) => {
    // An abort says so at once; the child's end comes a moment later.
    if (child.pid !== undefined) await closed;
    throw error;
  });
  return { code: child.exitCode, output: Buffer.concat(parts).toString('utf8') };
}

/** The last lines of an output, for a message. */
export function lastLines(output: string, count = 12): string {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}

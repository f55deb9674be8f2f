import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** A program of its own, beside the stacks that make the machines: nothing in this folder knows AWS. */
const PROGRAM = resolve(import.meta.dirname, '../../../../infra/provision/main.ts');

/** Hands the command over; it ends as that one ends. */
export function provision(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [PROGRAM, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

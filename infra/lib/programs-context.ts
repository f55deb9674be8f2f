import type { Node } from 'constructs';
import { z } from 'zod';
import type { Environment } from '../environments/environment.ts';

const Programs = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}\.tar\.gz [0-9a-f]{64}$/, 'is not "<key>.tar.gz <sha256>"');

/** Name of the context value that says which archive an environment's machines run: `<key> <sha256>`. */
export function programsContext(environment: Pick<Environment, 'name'>): string {
  return `pulseledger:programs:${environment.name}`;
}

/**
 * The environment with the archive that was packed for this deployment; without one, with that of the table.
 *
 * @throws ZodError when the value is something else.
 */
export function withPackedPrograms(node: Node, environment: Environment): Environment {
  const value: unknown = node.tryGetContext(programsContext(environment));
  if (value === undefined) return environment;
  const [key = '', sha256 = ''] = Programs.parse(value).split(' ');
  return { ...environment, nodePrograms: { key, sha256 } };
}

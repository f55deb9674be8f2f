import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** `*` at the end of `action` or `resource` stands for any rest, as in an IAM policy. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

/** What an IAM role is on AWS: a key pair made for one process at one start, and what it may do. */
export interface LocalRole {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly permissions: readonly Permission[];
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const localRoleSchema: z.ZodType<LocalRole> = z.strictObject({
  name: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  permissions: z.array(z.strictObject({ action: z.string(), resource: z.string() })),
});

/**
 * A role with fresh credentials. They live in the memory of the processes that need them only; those of a person
 * are in the system file, for its owner to read.
 */
export function createRole(name: string, permissions: readonly Permission[]): LocalRole {
  return {
    name,
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    permissions,
  };
}

/** The role's key pair for an SDK client, as a fresh object: the SDK writes into what it is given. */
export function credentialsOf(role: LocalRole): Credentials {
  return { accessKeyId: role.accessKeyId, secretAccessKey: role.secretAccessKey };
}

export function roleAllows(role: LocalRole, action: string, resource: string): boolean {
  return role.permissions.some(
    (permission) => matches(permission.action, action) && matches(permission.resource, resource),
  );
}

function matches(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}

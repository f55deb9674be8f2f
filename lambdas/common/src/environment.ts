import { ConnectionProfile, ORGANIZATIONS, type Organization } from '@pulseledger/domain';
import { z } from 'zod';

/** A connection profile as the text of an environment variable. */
export const ProfileText: z.ZodType<ConnectionProfile> = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(ConnectionProfile);

/** What a function that acts as the organization's ingest service is told by its environment. */
export interface ServiceEnvironment {
  readonly secretPrefix: string;
  readonly organization: Organization;
  readonly profile: ConnectionProfile;
}

const Service = z.object({
  PULSE_SECRET_PREFIX: z.string().min(1),
  PULSE_ORGANIZATION: z.enum(ORGANIZATIONS),
  PULSE_CONNECTION_PROFILE: ProfileText,
});

/**
 * Reads variables once, at start.
 * @throws Error naming every variable that is missing or wrong, without its value.
 */
export function readVariables<T>(
  schema: z.ZodType<T>,
  variables: Readonly<Record<string, string | undefined>>,
): T {
  const parsed = schema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const names = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  throw new Error(`Set these environment variables: ${[...names].join(', ')}.`);
}

/** @throws Error like {@link readVariables}. */
export function readServiceEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): ServiceEnvironment {
  const read = readVariables(Service, variables);
  return {
    secretPrefix: read.PULSE_SECRET_PREFIX,
    organization: read.PULSE_ORGANIZATION,
    profile: read.PULSE_CONNECTION_PROFILE,
  };
}

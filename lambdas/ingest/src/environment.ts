import { ConnectionProfile, ORGANIZATIONS, type Organization } from '@pulseledger/domain';
import { z } from 'zod';

/** What the function is told by its environment. */
export interface IngestEnvironment {
  readonly secretPrefix: string;
  readonly organization: Organization;
  readonly profile: ConnectionProfile;
  readonly quarantineQueueUrl: string;
}

const Variables = z.object({
  PULSE_SECRET_PREFIX: z.string().min(1),
  PULSE_ORGANIZATION: z.enum(ORGANIZATIONS),
  PULSE_CONNECTION_PROFILE: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(ConnectionProfile),
  QUARANTINE_QUEUE_URL: z.url(),
});

/**
 * Reads the environment once, at start.
 * @throws Error naming every variable that is missing or wrong, without its value.
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): IngestEnvironment {
  const parsed = Variables.safeParse(variables);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
    throw new Error(`Set these environment variables: ${[...names].join(', ')}.`);
  }
  return {
    secretPrefix: parsed.data.PULSE_SECRET_PREFIX,
    organization: parsed.data.PULSE_ORGANIZATION,
    profile: parsed.data.PULSE_CONNECTION_PROFILE,
    quarantineQueueUrl: parsed.data.QUARANTINE_QUEUE_URL,
  };
}

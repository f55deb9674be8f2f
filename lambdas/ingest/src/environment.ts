import { ORGANIZATIONS } from '@pulseledger/domain';
import { z } from 'zod';
import {
  ProfileText,
  readVariables,
  type ServiceEnvironment,
} from '../../common/src/environment.ts';

/** What the function is told by its environment. */
export interface IngestEnvironment extends ServiceEnvironment {
  readonly quarantineQueueUrl: string;
}

const Variables = z.object({
  PULSE_SECRET_PREFIX: z.string().min(1),
  PULSE_ORGANIZATION: z.enum(ORGANIZATIONS),
  PULSE_CONNECTION_PROFILE: ProfileText,
  QUARANTINE_QUEUE_URL: z.url(),
});

/**
 * Reads the environment once, at start.
 * @throws Error naming every variable that is missing or wrong, without its value.
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): IngestEnvironment {
  const read = readVariables(Variables, variables);
  return {
    secretPrefix: read.PULSE_SECRET_PREFIX,
    organization: read.PULSE_ORGANIZATION,
    profile: read.PULSE_CONNECTION_PROFILE,
    quarantineQueueUrl: read.QUARANTINE_QUEUE_URL,
  };
}

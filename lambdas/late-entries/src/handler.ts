/** A scheduled function (EventBridge): enters what medics read while nothing could be ordered into the log of accesses. */

import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Organization } from '@pulseledger/domain';
import {
  connectGateway,
  EmergencyClient,
  IdentitySource,
  serviceSignatories,
} from '@pulseledger/ledger';
import { z } from 'zod';
import { ProfileText, readVariables } from '../../common/src/environment.ts';
import { logLine } from '../../common/src/log.ts';
import { commitLateEntries } from './late-entries.ts';

const variables = readVariables(
  z.object({
    PULSE_SECRET_PREFIX: z.string().min(1),
    PULSE_CONNECTION_PROFILE: ProfileText,
    EMERGENCY_QUEUE_URL: z.url(),
  }),
  process.env,
);
const identities = new IdentitySource({
  client: new SecretsManagerClient({}),
  prefix: variables.PULSE_SECRET_PREFIX,
});
const clients = new Map<Organization, EmergencyClient>();
const queue = new SQSClient({});

/** Nothing more is begun after this time, within the minute that an invocation has. */
const GIVE_UP_AFTER_MS = 45_000;

function clientOf(organization: Organization): EmergencyClient {
  const known = clients.get(organization);
  if (known !== undefined) return known;
  const client = new EmergencyClient({
    connection: connectGateway(variables.PULSE_CONNECTION_PROFILE, organization),
    signatories: serviceSignatories(identities, organization, 'api'),
  });
  clients.set(organization, client);
  return client;
}

export async function handler(): Promise<void> {
  const startedMs = Date.now();
  const result = await commitLateEntries({
    ...{ queue, queueUrl: variables.EMERGENCY_QUEUE_URL, clientOf, now: Date.now },
    giveUpAtMs: startedMs + GIVE_UP_AFTER_MS,
  });
  if (result.committed + result.left === 0) return;
  const { committed: recorded, left: returned } = result;
  const durationMs = Date.now() - startedMs;
  console.log(logLine('late_entries', { recorded, returned, durationMs }));
}

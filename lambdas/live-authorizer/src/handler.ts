/** AWS IoT Core's custom authorizer of the live channel: pages listen over WebSocket with a ticket of the API. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { liveKey } from '../../common/src/live-key.ts';
import { verifyTicket } from '../../common/src/live-ticket.ts';
import { type Authorization, authorize } from './authorize.ts';

const Environment = z.object({
  PULSE_SECRET_PREFIX: z.string().min(1),
  PULSE_IOT_ARN: z.string().min(1),
});
const environment = Environment.parse(process.env);
const key = liveKey(new SecretsManagerClient({}), environment.PULSE_SECRET_PREFIX);

/** @returns an answer for every connection, a refusal included */
export function handler(event: unknown): Promise<Authorization> {
  return authorize(event, {
    verify: async (text) => verifyTicket(await key(), text, Date.now()),
    arn: environment.PULSE_IOT_ARN,
    nowMs: Date.now(),
  });
}

import { PulseError } from '@pulseledger/domain';
import { z } from 'zod';
import type { LiveTicket } from '../../common/src/live-ticket.ts';

/**
 * What AWS IoT Core asks a custom authorizer for an MQTT connection
 * (https://docs.aws.amazon.com/iot/latest/developerguide/config-custom-auth.html).
 */
const Question = z.object({
  protocolData: z.object({
    mqtt: z.object({ clientId: z.string(), password: z.string() }),
  }),
});

/** What it is answered. */
export interface Authorization {
  readonly isAuthenticated: boolean;
  readonly principalId: string;
  readonly disconnectAfterInSeconds: number;
  readonly refreshAfterInSeconds: number;
  readonly policyDocuments: readonly string[];
}

const REFUSED: Authorization = {
  isAuthenticated: false,
  principalId: 'nobody',
  disconnectAfterInSeconds: 300,
  refreshAfterInSeconds: 300,
  policyDocuments: [],
};
/** AWS takes 300 to 86,400 s. */
const LEAST_SECONDS = 300;

export interface AuthorizeOptions {
  readonly verify: (text: string) => Promise<LiveTicket & { readonly expiresAtMs: number }>;
  /** `arn:aws:iot:<region>:<account>`. */
  readonly arn: string;
  readonly nowMs: number;
}

/** A policy for exactly the ticket's topics and client id, or a refusal; never an error for a bad ticket. */
export async function authorize(event: unknown, options: AuthorizeOptions): Promise<Authorization> {
  const question = Question.safeParse(event);
  if (!question.success) return REFUSED;
  const { clientId, password } = question.data.protocolData.mqtt;
  try {
    const ticket = await options.verify(Buffer.from(password, 'base64').toString('utf8'));
    if (ticket.clientId !== clientId) return REFUSED;
    const seconds = Math.floor((ticket.expiresAtMs - options.nowMs) / 1_000);
    return {
      isAuthenticated: true,
      principalId: clientId.replaceAll('-', ''),
      disconnectAfterInSeconds: Math.max(LEAST_SECONDS, seconds),
      refreshAfterInSeconds: Math.max(LEAST_SECONDS, seconds),
      policyDocuments: [JSON.stringify(policyOf(ticket, options.arn))],
    };
  } catch (error) {
    if (error instanceof PulseError && error.code === 'unauthenticated') return REFUSED;
    throw error;
  }
}

/** Nothing to publish, nothing retained, no other topic. */
function policyOf({ clientId, topics }: LiveTicket, arn: string): object {
  const allow = (action: string, resources: readonly string[]): object => ({
    Effect: 'Allow',
    Action: `iot:${action}`,
    Resource: resources,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Connect', [`${arn}:client/${clientId}`]),
      allow(
        'Subscribe',
        topics.map((topic) => `${arn}:topicfilter/${topic}`),
      ),
      allow(
        'Receive',
        topics.map((topic) => `${arn}:topic/${topic}`),
      ),
    ],
  };
}

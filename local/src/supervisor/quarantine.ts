import { createHash } from 'node:crypto';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { QuarantineEntry } from '@pulseledger/domain';
import { credentialsOf, type LocalRole } from '../aws/role.ts';
import { QUARANTINE_QUEUE } from '../cloud/queue/queue-set.ts';
import { queueUrl } from '../cloud/sqs-service.ts';
import type { QuarantinedBytes } from './fates.ts';

const RECEIVE_AT_ONCE = 10;
/** Long enough that none comes twice while they are counted. */
const HIDE_SECONDS = 600;

/** What is in the quarantine, by who sent it and what. */
export async function quarantinedBytes(
  sqsUrl: string,
  role: LocalRole,
): Promise<QuarantinedBytes[]> {
  const client = new SQSClient({
    region: 'local',
    endpoint: sqsUrl,
    credentials: credentialsOf(role),
  });
  const found: QuarantinedBytes[] = [];
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl(sqsUrl, QUARANTINE_QUEUE),
    MaxNumberOfMessages: RECEIVE_AT_ONCE,
    VisibilityTimeout: HIDE_SECONDS,
  });
  try {
    for (;;) {
      const { Messages = [] } = await client.send(command);
      if (Messages.length === 0) return found;
      for (const { Body = '' } of Messages) {
        found.push(quarantinedIn(Body));
      }
    }
  } finally {
    client.destroy();
  }
}

function quarantinedIn(body: string): QuarantinedBytes {
  const parsed: unknown = JSON.parse(body);
  const { message, reason } = QuarantineEntry.parse(parsed);
  const bytes = Buffer.from(message.payload, 'base64');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { clientId: message.clientId, sha256, reason };
}

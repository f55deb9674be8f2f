import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { chunkHeader, QuarantineEntry } from '@pulseledger/domain';
import { credentialsOf, type LocalRole } from '../aws/role.ts';
import { QUARANTINE_QUEUE } from '../cloud/queue/queue-set.ts';
import { queueUrl } from '../cloud/sqs-service.ts';

const RECEIVE_AT_ONCE = 10;
/** Long enough that none comes twice while they are counted. */
const HIDE_SECONDS = 600;

/** Names (device/boot/first) of the chunks in the quarantine; what cannot be decoded has no name. */
export async function quarantinedChunks(sqsUrl: string, role: LocalRole): Promise<Set<string>> {
  const client = new SQSClient({
    region: 'local',
    endpoint: sqsUrl,
    credentials: credentialsOf(role),
  });
  const names = new Set<string>();
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl(sqsUrl, QUARANTINE_QUEUE),
    MaxNumberOfMessages: RECEIVE_AT_ONCE,
    VisibilityTimeout: HIDE_SECONDS,
  });
  try {
    for (;;) {
      const { Messages = [] } = await client.send(command);
      if (Messages.length === 0) return names;
      for (const { Body = '' } of Messages) {
        const name = chunkName(Body);
        if (name !== undefined) names.add(name);
      }
    }
  } finally {
    client.destroy();
  }
}

function chunkName(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const { message } = QuarantineEntry.parse(parsed);
    const header = chunkHeader(Buffer.from(message.payload, 'base64'));
    return `${header.deviceId}/${String(header.boot)}/${String(header.firstSequence)}`;
  } catch {
    return undefined;
  }
}

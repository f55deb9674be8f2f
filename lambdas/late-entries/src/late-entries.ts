import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  CommitIntentInput,
  ORGANIZATIONS,
  type Organization,
  PulseError,
  parseJsonInput,
} from '@pulseledger/domain';
import type { EmergencyClient } from '@pulseledger/ledger';
import { z } from 'zod';

/** SQS gives no more at a time. */
const MESSAGES_AT_ONCE = 10;

/** A message of the queue: the API of this organization read on the intent. */
export interface LateEntry extends CommitIntentInput {
  readonly organization: Organization;
}
export const LateEntry: z.ZodType<LateEntry> = z
  .looseObject({ organization: z.enum(ORGANIZATIONS) })
  .transform(({ organization, ...late }, context) => {
    const parsed = CommitIntentInput.safeParse(late);
    if (parsed.success) return { organization, ...parsed.data };
    context.addIssue({ code: 'custom', message: 'is no late entry' });
    return z.NEVER;
  });

/** What a round works with. */
export interface RoundOptions {
  readonly queue: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  /** As the API of an organization. */
  readonly clientOf: (organization: Organization) => Pick<EmergencyClient, 'commitIntent'>;
  readonly giveUpAtMs: number;
  readonly now: () => number;
}

/** What became of the messages of a round. */
export interface RoundResult {
  readonly committed: number;
  /** Stay in the queue for the next round. */
  readonly left: number;
}

/** Commits what was read on intents; what cannot be committed yet stays in the queue. */
export async function commitLateEntries(options: RoundOptions): Promise<RoundResult> {
  const { queue, queueUrl, giveUpAtMs, now } = options;
  const result = { committed: 0, left: 0 };
  while (now() < giveUpAtMs) {
    const { Messages = [] } = await queue.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: MESSAGES_AT_ONCE }),
    );
    if (Messages.length === 0) break;
    for (const { Body = '', ReceiptHandle } of Messages) {
      if (await isCommitted(options, Body)) {
        await queue.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
        result.committed += 1;
      } else {
        result.left += 1;
      }
    }
    // Ordering is still down, or the ledger refuses them: the next round tries again.
    if (result.left > 0) break;
  }
  return result;
}

async function isCommitted({ clientOf }: RoundOptions, body: string): Promise<boolean> {
  try {
    const { organization, intent, classes } = parseJsonInput(LateEntry, body);
    await clientOf(organization).commitIntent({ intent, classes });
    return true;
  } catch (error) {
    if (error instanceof PulseError) return false;
    throw error;
  }
}

import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

/** SQS takes at most ten messages a call. */
const MAX_ENTRIES = 10;
const PARALLEL_CALLS = 8;

/** What an event source mapping needs of a queue. */
export interface QueuePort {
  /** Most messages that one receive returns. */
  readonly maxReceive: number;
  readonly receive: (max: number, waitSeconds: number, signal: AbortSignal) => Promise<Message[]>;
  readonly delete: (messages: readonly Message[]) => Promise<void>;
  readonly hide: (
    messages: readonly Message[],
    seconds: (message: Message) => number,
  ) => Promise<void>;
}

/** The queue of that URL, through the SQS client of the AWS SDK. */
export function sqsQueuePort(client: SQSClient, queueUrl: string): QueuePort {
  const target = { QueueUrl: queueUrl };
  return {
    maxReceive: MAX_ENTRIES,
    receive: async (max, waitSeconds, signal) => {
      const command = new ReceiveMessageCommand({
        ...target,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
      });
      return (await client.send(command, { abortSignal: signal })).Messages ?? [];
    },
    delete: (messages) =>
      inBatches(messages, async (batch) => {
        const Entries = batch.map((m, i) => ({ Id: String(i), ReceiptHandle: m.ReceiptHandle }));
        await client.send(new DeleteMessageBatchCommand({ ...target, Entries }));
      }),
    hide: (messages, seconds) =>
      inBatches(messages, async (batch) => {
        const Entries = batch.map((m, i) => ({
          Id: String(i),
          ReceiptHandle: m.ReceiptHandle,
          VisibilityTimeout: seconds(m),
        }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ ...target, Entries }));
      }),
  };
}

async function inBatches(
  messages: readonly Message[],
  work: (batch: readonly Message[]) => Promise<void>,
): Promise<void> {
  const starts = Array.from(
    { length: Math.ceil(messages.length / MAX_ENTRIES) },
    (_, index) => index * MAX_ENTRIES,
  );
  const worker = async (): Promise<void> => {
    for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
      await work(messages.slice(start, start + MAX_ENTRIES));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_CALLS }, worker));
}

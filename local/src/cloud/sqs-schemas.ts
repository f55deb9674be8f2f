import { z } from 'zod';

/** Limits of SQS (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
export const MAX_MESSAGE_BYTES: number = 1024 * 1024;
export const MAX_BATCH_ENTRIES = 10;
const MAX_DELAY_SECONDS = 900;
const MAX_VISIBILITY_SECONDS = 43_200;
const MAX_WAIT_SECONDS = 20;
const MAX_QUEUE_URL_LENGTH = 1_000;

const queueUrl = z.string().max(MAX_QUEUE_URL_LENGTH);
const delaySeconds = z.int().min(0).max(MAX_DELAY_SECONDS).optional();
const visibilitySeconds = z.int().min(0).max(MAX_VISIBILITY_SECONDS);
const entryId = z.string().max(80);
/** Attributes are not kept here: a caller that sends some is told so instead of losing them. */
const attributes = z.record(z.string(), z.unknown()).optional();
const names = z.array(z.string().max(256)).max(50).optional();

/** What a message to be sent consists of. */
export interface Sending {
  readonly MessageBody: string;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: Record<string, unknown> | undefined;
}

type OfQueue<Rest> = Rest & { readonly QueueUrl: string };
export type Entry<Rest> = Rest & { readonly Id: string };

export interface Entries<Rest> {
  readonly QueueUrl: string;
  readonly Entries: readonly Entry<Rest>[];
}

interface Receipt {
  readonly ReceiptHandle: string;
}

interface VisibilityChange extends Receipt {
  readonly VisibilityTimeout: number;
}

export interface Receiving {
  readonly QueueUrl: string;
  readonly MaxNumberOfMessages: number;
  readonly WaitTimeSeconds: number;
  readonly VisibilityTimeout?: number | undefined;
  readonly AttributeNames?: string[] | undefined;
  readonly MessageSystemAttributeNames?: string[] | undefined;
}

const sending = {
  MessageBody: z.string(),
  DelaySeconds: delaySeconds,
  MessageAttributes: attributes,
};
const receipt = { ReceiptHandle: z.string().max(1_024) };
const change = { ...receipt, VisibilityTimeout: visibilitySeconds };

function entries<Rest extends z.ZodRawShape>(
  shape: Rest,
): z.ZodArray<z.ZodObject<{ Id: z.ZodString } & Rest>> {
  return z.array(z.object({ Id: entryId, ...shape }));
}

export const sendMessageInput: z.ZodType<OfQueue<Sending>> = z.object({
  QueueUrl: queueUrl,
  ...sending,
});
export const sendBatchInput: z.ZodType<Entries<Sending>> = z.object({
  QueueUrl: queueUrl,
  Entries: entries(sending),
});
export const receiveInput: z.ZodType<Receiving> = z.object({
  QueueUrl: queueUrl,
  MaxNumberOfMessages: z.int().min(1).max(MAX_BATCH_ENTRIES).default(1),
  WaitTimeSeconds: z.int().min(0).max(MAX_WAIT_SECONDS).default(0),
  VisibilityTimeout: visibilitySeconds.optional(),
  AttributeNames: names,
  MessageSystemAttributeNames: names,
});
export const deleteInput: z.ZodType<OfQueue<Receipt>> = z.object({
  QueueUrl: queueUrl,
  ...receipt,
});
export const deleteBatchInput: z.ZodType<Entries<Receipt>> = z.object({
  QueueUrl: queueUrl,
  Entries: entries(receipt),
});
export const changeInput: z.ZodType<OfQueue<VisibilityChange>> = z.object({
  QueueUrl: queueUrl,
  ...change,
});
export const changeBatchInput: z.ZodType<Entries<VisibilityChange>> = z.object({
  QueueUrl: queueUrl,
  Entries: entries(change),
});
export const queueAttributesInput: z.ZodType<
  OfQueue<{ readonly AttributeNames?: string[] | undefined }>
> = z.object({ QueueUrl: queueUrl, AttributeNames: names });
export const queueNameInput: z.ZodType<{ readonly QueueName: string }> = z.object({
  QueueName: z.string().max(80),
});
export const listQueuesInput: z.ZodType<{ readonly QueueNamePrefix?: string | undefined }> =
  z.object({
    QueueNamePrefix: z.string().max(80).optional(),
  });

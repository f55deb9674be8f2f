import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import { AwsError } from '../aws/aws-error.ts';
import { type JsonOperation, jsonServiceApp, type OperationCall } from '../aws/json-protocol.ts';
import { type LocalRole, roleAllows } from '../aws/role.ts';
import { SignatureVerifier } from '../aws/signature.ts';
import type { DurableQueue, ReceivedMessage } from './queue/durable-queue.ts';
import type { QueueSet } from './queue/queue-set.ts';
import { eachEntry } from './sqs-batch.ts';
import { guarded, sqsError, translated } from './sqs-errors.ts';
import {
  changeBatchInput,
  changeInput,
  deleteBatchInput,
  deleteInput,
  listQueuesInput,
  MAX_MESSAGE_BYTES,
  queueAttributesInput,
  queueNameInput,
  receiveInput,
  type Sending,
  sendBatchInput,
  sendMessageInput,
} from './sqs-schemas.ts';

/** There is one account here. */
const ACCOUNT = '000000000000';
/** A batch of the largest size whose every character is escaped in JSON. */
const MAX_BODY_BYTES = 2 * MAX_MESSAGE_BYTES + 64 * 1024;
const SECOND = 1000;
/** Characters outside this class cannot be in a message (the W3C's XML character set). */
const FORBIDDEN_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

export interface SqsOptions {
  readonly queues: QueueSet;
  readonly roles: readonly LocalRole[];
  readonly region: string;
  /** Origin under which the callers reach this service; part of every queue URL. */
  readonly origin: () => string;
}

/** The Amazon SQS JSON protocol over the durable queues, as far as Pulseledger's parts use it. */
export function sqsApp(options: SqsOptions): Hono {
  const service = new SqsService(options);
  return jsonServiceApp({
    target: 'AmazonSQS',
    contentType: 'application/x-amz-json-1.0',
    errorNamespace: 'com.amazonaws.sqs',
    operations: service.operations(),
    verifier: new SignatureVerifier('sqs', options.roles),
    maxBodyBytes: MAX_BODY_BYTES,
  });
}

class SqsService {
  readonly #options: SqsOptions;

  constructor(options: SqsOptions) {
    this.#options = options;
  }

  operations(): ReadonlyMap<string, JsonOperation> {
    return new Map<string, JsonOperation>([
      ['SendMessage', (call) => this.#send(call)],
      ['SendMessageBatch', (call) => this.#sendBatch(call)],
      ['ReceiveMessage', (call) => this.#receive(call)],
      ['DeleteMessage', (call) => this.#delete(call)],
      ['DeleteMessageBatch', (call) => this.#deleteBatch(call)],
      ['ChangeMessageVisibility', (call) => this.#change(call)],
      ['ChangeMessageVisibilityBatch', (call) => this.#changeBatch(call)],
      ['GetQueueAttributes', (call) => this.#attributes(call)],
      ['GetQueueUrl', (call) => this.#url(call)],
      ['ListQueues', (call) => this.#list(call)],
    ]);
  }

  async #send(call: OperationCall): Promise<object> {
    const input = sendMessageInput.parse(call.input);
    return this.#sendOne(this.#queue(call, 'SendMessage', input.QueueUrl), input);
  }

  #sendBatch(call: OperationCall): Promise<object> {
    const input = sendBatchInput.parse(call.input);
    const queue = this.#queue(call, 'SendMessage', input.QueueUrl);
    const total = input.Entries.reduce((sum, e) => sum + Buffer.byteLength(e.MessageBody), 0);
    if (total > MAX_MESSAGE_BYTES) throw sqsError('BatchRequestTooLong', 'The batch is too long.');
    return eachEntry(input, (entry) => this.#sendOne(queue, entry));
  }

  async #sendOne(queue: DurableQueue, input: Sending): Promise<object> {
    if (Object.keys(input.MessageAttributes ?? {}).length > 0) {
      throw sqsError('UnsupportedOperation', 'Message attributes are not kept here.');
    }
    const body = input.MessageBody;
    if (body === '') throw new AwsError('MissingParameter', 'The message body is empty.');
    if (Buffer.byteLength(body) > MAX_MESSAGE_BYTES) {
      throw new AwsError('InvalidParameterValue', 'The message is longer than 1 MiB.');
    }
    if (FORBIDDEN_CHARACTERS.test(body)) {
      throw new AwsError('InvalidMessageContents', 'The message has invalid characters.');
    }
    const id = await guarded(queue.send(body, (input.DelaySeconds ?? 0) * SECOND));
    return { MessageId: id, MD5OfMessageBody: md5(body) };
  }

  async #receive(call: OperationCall): Promise<object> {
    const input = receiveInput.parse(call.input);
    const queue = this.#queue(call, 'ReceiveMessage', input.QueueUrl);
    const wanted = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
    const timeout = input.VisibilityTimeout;
    const messages = await guarded(
      queue.receive({
        max: input.MaxNumberOfMessages,
        waitMs: input.WaitTimeSeconds * SECOND,
        signal: call.signal,
        ...(timeout === undefined ? {} : { visibilityTimeoutMs: timeout * SECOND }),
      }),
    );
    if (call.signal.aborted) await giveBack(queue, messages);
    return messages.length === 0 ? {} : { Messages: messages.map((m) => this.#render(m, wanted)) };
  }

  async #delete(call: OperationCall): Promise<undefined> {
    const input = deleteInput.parse(call.input);
    const queue = this.#queue(call, 'DeleteMessage', input.QueueUrl);
    await guarded(queue.delete(input.ReceiptHandle));
  }

  #deleteBatch(call: OperationCall): Promise<object> {
    const input = deleteBatchInput.parse(call.input);
    const queue = this.#queue(call, 'DeleteMessage', input.QueueUrl);
    return eachEntry(input, async ({ ReceiptHandle }) => {
      await guarded(queue.delete(ReceiptHandle));
      return {};
    });
  }

  async #change(call: OperationCall): Promise<undefined> {
    const input = changeInput.parse(call.input);
    const queue = this.#queue(call, 'ChangeMessageVisibility', input.QueueUrl);
    await guarded(queue.changeVisibility(input.ReceiptHandle, input.VisibilityTimeout * SECOND));
  }

  #changeBatch(call: OperationCall): Promise<object> {
    const input = changeBatchInput.parse(call.input);
    const queue = this.#queue(call, 'ChangeMessageVisibility', input.QueueUrl);
    return eachEntry(input, async ({ ReceiptHandle, VisibilityTimeout }) => {
      await guarded(queue.changeVisibility(ReceiptHandle, VisibilityTimeout * SECOND));
      return {};
    });
  }

  #attributes(call: OperationCall): Promise<object> {
    const input = queueAttributesInput.parse(call.input);
    const queue = this.#queue(call, 'GetQueueAttributes', input.QueueUrl);
    const all = this.#queueAttributes(queue);
    const unknown = (input.AttributeNames ?? []).filter((n) => n !== 'All' && !(n in all));
    if (unknown.length > 0) throw new AwsError('InvalidAttributeName', 'Unknown attribute name.');
    return Promise.resolve({ Attributes: pick(all, input.AttributeNames ?? []) });
  }

  #queueAttributes(queue: DurableQueue): Record<string, string> {
    const { name, visibilityTimeoutMs, retentionMs, maxReceiveCount, deadLetterQueue } =
      queue.settings;
    const { available, inFlight, delayed } = queue.counts;
    const redrive =
      deadLetterQueue === undefined
        ? {}
        : {
            RedrivePolicy: JSON.stringify({
              deadLetterTargetArn: this.#arn(deadLetterQueue),
              maxReceiveCount,
            }),
          };
    return {
      ApproximateNumberOfMessages: String(available),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: String(delayed),
      VisibilityTimeout: String(visibilityTimeoutMs / SECOND),
      MessageRetentionPeriod: String(retentionMs / SECOND),
      MaximumMessageSize: String(MAX_MESSAGE_BYTES),
      DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0',
      QueueArn: this.#arn(name),
      ...redrive,
    };
  }

  #url(call: OperationCall): Promise<object> {
    const { QueueName } = queueNameInput.parse(call.input);
    const queue = this.#queue(call, 'GetQueueUrl', QueueName);
    return Promise.resolve({ QueueUrl: queueUrl(this.#options.origin(), queue.settings.name) });
  }

  #list(call: OperationCall): Promise<object> {
    const { QueueNamePrefix = '' } = listQueuesInput.parse(call.input);
    demand(call.role, 'ListQueues', '');
    const names = this.#options.queues.names.filter((name) => name.startsWith(QueueNamePrefix));
    return Promise.resolve({ QueueUrls: names.map((n) => queueUrl(this.#options.origin(), n)) });
  }

  /** The queue of that URL or name, once the caller's role has been asked. */
  #queue(call: OperationCall, action: string, urlOrName: string): DurableQueue {
    const name = urlOrName.split('/').at(-1) ?? '';
    demand(call.role, action, name);
    try {
      return this.#options.queues.queue(name);
    } catch (error) {
      throw translated(error);
    }
  }

  #render(message: ReceivedMessage, wanted: readonly string[]): object {
    const { messageId, receiptHandle, body, sourceQueue } = message;
    const attributes: Record<string, string> = {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAtMs),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
      SenderId: ACCOUNT,
      ...(sourceQueue === null ? {} : { DeadLetterQueueSourceArn: this.#arn(sourceQueue) }),
    };
    const picked = pick(attributes, wanted);
    return {
      MessageId: messageId,
      ReceiptHandle: receiptHandle,
      MD5OfBody: md5(body),
      Body: body,
      ...(Object.keys(picked).length === 0 ? {} : { Attributes: picked }),
    };
  }

  #arn(name: string): string {
    return queueArn(this.#options.region, name);
  }
}

/** Nobody is there any more to get these: without this they would stay hidden for their time-out. */
async function giveBack(queue: DurableQueue, messages: readonly ReceivedMessage[]): Promise<void> {
  await Promise.all(messages.map((message) => queue.changeVisibility(message.receiptHandle, 0)));
}

export function queueUrl(origin: string, name: string): string {
  return `${origin}/${ACCOUNT}/${name}`;
}

export function queueArn(region: string, name: string): string {
  return `arn:aws:sqs:${region}:${ACCOUNT}:${name}`;
}

function demand(role: LocalRole, action: string, resource: string): void {
  if (roleAllows(role, `sqs:${action}`, resource)) return;
  throw new AwsError('AccessDeniedException', `The role may not call sqs:${action} here.`, 403);
}

function pick(all: Record<string, string>, wanted: readonly string[]): Record<string, string> {
  if (wanted.includes('All')) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

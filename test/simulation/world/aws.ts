import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type {
  DurableQueue,
  ReceivedMessage,
} from '../../../local/src/cloud/queue/durable-queue.ts';
import type { QueueSet } from '../../../local/src/cloud/queue/queue-set.ts';
import type { Broker } from './broker.ts';
import { ConnectionLost, callOver, type Machine, type Process } from './machine.ts';

/** The SDK tries a call three times when the connection fails. */
const SDK_ATTEMPTS = 3;
const SDK_PAUSE_MS = 100;

/** What is open inside the cloud's process. */
export interface CloudParts {
  readonly queues: QueueSet;
  readonly broker: Broker;
}

/** SQSClient and IoTDataPlaneClient, as far as the production code uses them. */
export type SdkClients = SQSClient & IoTDataPlaneClient;

/** The SDK's clients as one process has them: they call the cloud's machine. */
export class AwsClients {
  readonly #process: Process;
  readonly #machine: Machine;
  readonly #cloud: (process: Process) => CloudParts | undefined;
  /** The server sees the connections close when its client ends. */
  readonly #hungUp = new AbortController();

  constructor(
    process: Process,
    machine: Machine,
    cloud: (process: Process) => CloudParts | undefined,
  ) {
    this.#process = process;
    this.#machine = machine;
    this.#cloud = cloud;
    process.onEnd(() => {
      this.#hungUp.abort();
    });
  }

  /** This as the SDK's own types. */
  get sdk(): SdkClients {
    return this as unknown as SdkClients;
  }

  async send(command: unknown, options?: { abortSignal?: AbortSignal }): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await untilAborted(this.#once(command), options?.abortSignal);
      } catch (error) {
        if (!(error instanceof ConnectionLost) || attempt === SDK_ATTEMPTS) throw error;
        await this.#process.wait(SDK_PAUSE_MS, 'sdk.pause');
      }
    }
  }

  #once(command: unknown): Promise<unknown> {
    const site = siteOf(command);
    return callOver(this.#process, this.#machine, site, async (process) => {
      const cloud = this.#cloud(process);
      if (cloud === undefined) throw new ConnectionLost();
      if (command instanceof ReceiveMessageCommand)
        return receive(cloud, command, this.#hungUp.signal);
      return answer(cloud, command);
    });
  }
}

/** The SDK gives a call up when its signal says so; what it has brought about stays. */
function untilAborted<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return call;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = (): void => {
    reject(new DOMException('Request aborted', 'AbortError'));
  };
  signal.addEventListener('abort', abort);
  call.then(resolve, reject).finally(() => {
    signal.removeEventListener('abort', abort);
  });
  return promise;
}

function siteOf(command: unknown): string {
  if (command instanceof PublishCommand) return 'iot.publish';
  if (command instanceof ReceiveMessageCommand) return 'sqs.receive';
  if (command instanceof DeleteMessageBatchCommand) return 'sqs.delete';
  if (command instanceof ChangeMessageVisibilityBatchCommand) return 'sqs.hide';
  return 'sqs.send';
}

async function receive(
  cloud: CloudParts,
  { input }: ReceiveMessageCommand,
  signal: AbortSignal,
): Promise<unknown> {
  const { QueueUrl: url, MaxNumberOfMessages: max = 1, WaitTimeSeconds: wait = 0 } = input;
  const queue = queueAt(cloud, url);
  const messages = await queue.receive({ max, waitMs: wait * 1_000, signal });
  // As sqs-service.ts does when nobody is there any more.
  if (signal.aborted)
    await Promise.all(messages.map((m) => queue.changeVisibility(m.receiptHandle, 0)));
  return { Messages: messages.map(rendered) };
}

async function answer(cloud: CloudParts, command: unknown): Promise<unknown> {
  if (command instanceof PublishCommand) {
    const { topic = '', payload } = command.input;
    if (payload instanceof Uint8Array) cloud.broker.publish(topic, payload);
    return {};
  }
  if (command instanceof SendMessageCommand) {
    const { QueueUrl: url, MessageBody: body = '' } = command.input;
    return { MessageId: await queueAt(cloud, url).send(body) };
  }
  if (command instanceof DeleteMessageBatchCommand) {
    const queue = queueAt(cloud, command.input.QueueUrl);
    const entries = command.input.Entries ?? [];
    await Promise.allSettled(entries.map((entry) => queue.delete(entry.ReceiptHandle ?? '')));
    return {};
  }
  if (command instanceof ChangeMessageVisibilityBatchCommand) {
    const queue = queueAt(cloud, command.input.QueueUrl);
    const entries = command.input.Entries ?? [];
    await Promise.allSettled(
      entries.map((entry) =>
        queue.changeVisibility(entry.ReceiptHandle ?? '', (entry.VisibilityTimeout ?? 0) * 1_000),
      ),
    );
    return {};
  }
  throw new TypeError('The simulated cloud does not know this command.');
}

function queueAt({ queues }: CloudParts, url = ''): DurableQueue {
  return queues.queue(url);
}

function rendered(message: ReceivedMessage): Message {
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    Attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAtMs),
    },
  };
}

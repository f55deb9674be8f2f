import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QuarantineEntry } from '@pulseledger/domain';

/** Options of {@link Quarantine}. */
export interface QuarantineOptions {
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
}

/** Messages that cannot be recorded, each with its reason, kept until somebody has dealt with them. */
export class Quarantine {
  readonly #client: Pick<SQSClient, 'send'>;
  readonly #queueUrl: string;

  constructor(options: QuarantineOptions) {
    this.#client = options.client;
    this.#queueUrl = options.queueUrl;
  }

  /**
   * Keeps a message; durable when this resolves.
   * @throws the SDK's error after its own retries, or when aborted.
   */
  async put(entry: QuarantineEntry, abortSignal?: AbortSignal): Promise<void> {
    const body = JSON.stringify(entry);
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: body }),
      abortSignal === undefined ? {} : { abortSignal },
    );
  }
}

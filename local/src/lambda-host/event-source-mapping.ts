import type { Message } from '@aws-sdk/client-sqs';
import { type Clock, pause } from '@pulseledger/domain';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { z } from 'zod';
import { errorCode, type Logger } from '../process/logger.ts';
import { STEADY_CLOCK } from '../steady-clock.ts';
import type { QueuePort } from './queue-port.ts';

/** Lambda's limit of one invocation's payload. */
const MAX_BATCH_BYTES: number = 6 * 1024 * 1024;
const MAX_LONG_POLL_SECONDS = 5;
const PARALLEL_RECEIVES = 4;
const PAUSE_AFTER_FAULT_MS = 500;
/**
 * What failed comes back soon at first and later and later, well within the queue's retention: a ledger that was away for
 * half a minute is not waited for much longer than that.
 */
const RETRY_SECONDS = [1, 2, 5, 10, 15, 15, 20, 30, 60, 60, 120, 180];

export interface MappingOptions {
  readonly queue: QueuePort;
  readonly queueArn: string;
  readonly region: string;
  readonly batchSize: number;
  /** How long to wait for a batch to fill, from its first message on. */
  readonly batchingWindowMs: number;
  /** Invocations at the same time. */
  readonly maxConcurrency: number;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
  readonly logger: Logger;
  /** From any moment on; one that nobody sets when left out. */
  readonly clock?: Clock;
}

const batchResponse: z.ZodType<SQSBatchResponse> = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })),
});

export interface MappingFigures {
  readonly invocations: number;
  readonly messages: number;
  readonly failures: number;
  /** Invocations under way. */
  readonly running: number;
}

/**
 * Polls a queue for a Lambda function as AWS' event source mapping with `ReportBatchItemFailures` does
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html): what the function does not
 * name as failed is deleted; when it throws, or names an unknown message, everything comes back.
 */
export class EventSourceMapping {
  readonly #options: MappingOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #invocations = new Set<Promise<void>>();
  #polling: Promise<void> | undefined;
  #figures = { invocations: 0, messages: 0, failures: 0 };

  constructor(options: MappingOptions) {
    this.#options = options;
    this.#clock = options.clock ?? STEADY_CLOCK;
  }

  get figures(): MappingFigures {
    return { ...this.#figures, running: this.#invocations.size };
  }

  start(): void {
    this.#polling ??= this.#poll();
  }

  /** Takes no more messages and waits for the invocations under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#polling;
    await Promise.all(this.#invocations);
  }

  async #poll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#invocations.size >= this.#options.maxConcurrency) {
        await Promise.race(this.#invocations);
        continue;
      }
      const batch = await this.#collect();
      if (batch.length === 0) continue;
      const invocation = this.#process(batch).finally(() => this.#invocations.delete(invocation));
      this.#invocations.add(invocation);
    }
  }

  async #collect(): Promise<Message[]> {
    const { batchSize, batchingWindowMs } = this.#options;
    const batch = await this.#receive(batchSize, 1, MAX_LONG_POLL_SECONDS);
    if (batch.length === 0) return batch;
    const deadline = this.#clock.now() + batchingWindowMs;
    let bytes = byteLength(batch);
    while (batch.length < batchSize && bytes < MAX_BATCH_BYTES && !this.#stop.signal.aborted) {
      const left = deadline - this.#clock.now();
      const more = await this.#receive(batchSize - batch.length, PARALLEL_RECEIVES, 0);
      batch.push(...more);
      bytes += byteLength(more);
      if (left <= 0) break;
      if (more.length === 0) await pause(this.#clock, Math.min(left, batchingWindowMs / 4));
    }
    return batch;
  }

  /** Receives in several calls at once what one call is too small for. */
  async #receive(wanted: number, maxCalls: number, waitSeconds: number): Promise<Message[]> {
    const { queue, logger } = this.#options;
    const calls = Math.min(maxCalls, Math.ceil(wanted / queue.maxReceive));
    const one = (_: unknown, index: number): Promise<Message[]> => {
      const max = Math.min(queue.maxReceive, wanted - index * queue.maxReceive);
      return queue.receive(max, waitSeconds, this.#stop.signal);
    };
    try {
      return (await Promise.all(Array.from({ length: calls }, one))).flat();
    } catch (error) {
      if (this.#stop.signal.aborted) return [];
      logger.log('warn', 'receive_failed', { code: errorCode(error) });
      await pause(this.#clock, PAUSE_AFTER_FAULT_MS);
      return [];
    }
  }

  async #process(batch: readonly Message[]): Promise<void> {
    const { queue, logger } = this.#options;
    const startedMs = this.#clock.now();
    const failed = await this.#failedOf(batch);
    const done = batch.filter((message) => !failed.has(message.MessageId ?? ''));
    const back = batch.filter((message) => failed.has(message.MessageId ?? ''));
    this.#figures.invocations += 1;
    this.#figures.messages += batch.length;
    this.#figures.failures += back.length;
    if (back.length > 0) {
      const durationMs = Math.round(this.#clock.now() - startedMs);
      logger.log('warn', 'messages_returned', { count: back.length, durationMs });
    }
    try {
      await queue.delete(done);
      await queue.hide(back, retrySeconds);
    } catch (error) {
      // They come back when their visibility timeout is over; the function knows repeats.
      logger.log('warn', 'delete_failed', { code: errorCode(error), count: done.length });
    }
  }

  /** Ids of the messages that have to come back. */
  async #failedOf(batch: readonly Message[]): Promise<ReadonlySet<string>> {
    const all = new Set(batch.map((message) => message.MessageId ?? ''));
    try {
      const result = await this.#options.invoke({
        Records: batch.map((message) => this.#record(message)),
      });
      if (result === undefined || result === null) return new Set();
      const { batchItemFailures } = batchResponse.parse(result);
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      return [...failed].every((id) => all.has(id)) ? failed : all;
    } catch (error) {
      this.#options.logger.log('error', 'invocation_failed', { code: errorCode(error) });
      return all;
    }
  }

  #record(message: Message): SQSRecord {
    const attributes = message.Attributes ?? {};
    return {
      messageId: message.MessageId ?? '',
      receiptHandle: message.ReceiptHandle ?? '',
      body: message.Body ?? '',
      attributes: {
        ApproximateReceiveCount: attributes['ApproximateReceiveCount'] ?? '1',
        SentTimestamp: attributes['SentTimestamp'] ?? '0',
        SenderId: attributes['SenderId'] ?? '',
        ApproximateFirstReceiveTimestamp: attributes['ApproximateFirstReceiveTimestamp'] ?? '0',
      },
      messageAttributes: {},
      md5OfBody: message.MD5OfBody ?? '',
      eventSource: 'aws:sqs',
      eventSourceARN: this.#options.queueArn,
      awsRegion: this.#options.region,
    };
  }
}

/** Seconds until a message that failed is tried again. */
export function retrySeconds(message: Message): number {
  const count = Number(message.Attributes?.['ApproximateReceiveCount'] ?? '1');
  return RETRY_SECONDS[Math.min(count, RETRY_SECONDS.length) - 1] ?? 1;
}

function byteLength(batch: readonly Message[]): number {
  return batch.reduce((sum, message) => sum + Buffer.byteLength(message.Body ?? ''), 0);
}

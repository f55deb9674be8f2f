import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QuarantineReason } from '@pulseledger/domain';
import { type Place, StrandedMessage } from './stranded-message.ts';

/** Messages that one listing looks at; a redrive goes on to the end. */
export const MAX_LISTED = 1_000;
/** How long a message is kept from others while it is looked at; a crash gives it back after that. */
export const HELD_SECONDS = 120;
const RECEIVE_AT_ONCE = 10;

/** Which messages; a part that is left out lets all pass. */
export interface StrandedFilter {
  readonly reason?: QuarantineReason | undefined;
  readonly deviceId?: string | undefined;
}

/** What a redrive has done so far. */
export interface Redrive {
  /** Sent through ingest again. */
  readonly redriven: number;
  /** Further copies of what was sent, taken away. */
  readonly copies: number;
  /** Looked at and left where they are. */
  readonly left: number;
}

export interface RedriveOptions {
  readonly ingestQueueUrl: string;
  readonly filter: StrandedFilter;
  /** Ends it after the messages under way; a later call goes on. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (redrive: Redrive) => void;
}

export interface StrandedQueueOptions {
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  readonly place: Place;
  /** How long to wait for a message; more than 0 asks every server of SQS. */
  readonly waitSeconds?: number;
}

/** The quarantine, or the dead letters: messages that did not get onto the ledger. */
export class StrandedQueue {
  readonly #options: StrandedQueueOptions;

  constructor(options: StrandedQueueOptions) {
    this.#options = options;
  }

  /** The matching ones of the first {@link MAX_LISTED} messages, in the order of receipt. */
  async list(filter: StrandedFilter): Promise<{ entries: StrandedMessage[]; isWhole: boolean }> {
    const held: StrandedMessage[] = [];
    try {
      while (held.length < MAX_LISTED) {
        const more = await this.#receive();
        if (more.length === 0) break;
        held.push(...more);
      }
    } finally {
      await this.#giveBack(held);
    }
    const receivedAt = ({ facts }: StrandedMessage): number => facts.receivedAtMs;
    return {
      entries: held
        .filter((message) => matches(message, filter))
        .sort((one, other) => receivedAt(one) - receivedAt(other)),
      isWhole: held.length < MAX_LISTED,
    };
  }

  /**
   * Sends matching messages through ingest again. Harmless to repeat, also after a crash in between: the
   * contract answers "already" for what is on the ledger, and what it still refuses comes back with its
   * count raised. Of several copies of one message one is sent.
   */
  async redrive(options: RedriveOptions): Promise<Redrive> {
    const run = new RedriveRun(options);
    try {
      while (options.signal?.aborted !== true) {
        const batch = await this.#receive();
        const fresh = run.take(batch);
        if (fresh.length === 0) break;
        await Promise.all(fresh.map((message) => this.#resend(message, run)));
        options.onProgress?.(run.progress);
      }
    } finally {
      await this.#giveBack([...run.kept.values()]);
    }
    return run.progress;
  }

  /** Sent first and deleted then: what happens in between leaves it in both queues, never in none. */
  async #resend(message: StrandedMessage, run: RedriveRun): Promise<void> {
    const what = run.judge(message);
    if (what === 'keep') return;
    if (what === 'send') {
      const body = { QueueUrl: run.ingestQueueUrl, MessageBody: message.redriven };
      await this.#options.client.send(new SendMessageCommand(body));
    }
    const handle = { QueueUrl: this.#options.queueUrl, ReceiptHandle: message.receipt };
    await this.#options.client.send(new DeleteMessageCommand(handle));
    run.done(what, message);
  }

  async #receive(): Promise<StrandedMessage[]> {
    const { client, queueUrl, place, waitSeconds = 1 } = this.#options;
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: RECEIVE_AT_ONCE,
        VisibilityTimeout: HELD_SECONDS,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    return Messages.map((message) => new StrandedMessage(place, message));
  }

  async #giveBack(held: readonly StrandedMessage[]): Promise<void> {
    const { client, queueUrl } = this.#options;
    for (let at = 0; at < held.length; at += RECEIVE_AT_ONCE) {
      // What is not given back comes back by itself.
      await Promise.allSettled(
        held.slice(at, at + RECEIVE_AT_ONCE).map(({ receipt }) =>
          client.send(
            new ChangeMessageVisibilityCommand({
              QueueUrl: queueUrl,
              ReceiptHandle: receipt,
              VisibilityTimeout: 0,
            }),
          ),
        ),
      );
    }
  }
}

/** What one redrive has seen, so that it comes to an end although refused messages come back at once. */
class RedriveRun {
  /** What is not done with and has to be given back, by id, each with the latest receipt. */
  readonly kept = new Map<string, StrandedMessage>();
  readonly ingestQueueUrl: string;
  readonly #filter: StrandedFilter;
  readonly #seen = new Set<string>();
  /** How often each message that was sent had been redriven before, by digest. */
  readonly #sent = new Map<string, number>();
  #redriven = 0;
  #copies = 0;

  constructor({ ingestQueueUrl, filter }: RedriveOptions) {
    this.ingestQueueUrl = ingestQueueUrl;
    this.#filter = filter;
  }

  get progress(): Redrive {
    return { redriven: this.#redriven, copies: this.#copies, left: this.kept.size };
  }

  /** Those that this run has not seen; the others have come around. */
  take(batch: readonly StrandedMessage[]): StrandedMessage[] {
    const fresh = batch.filter(({ id }) => !this.#seen.has(id));
    for (const message of batch) {
      this.kept.set(message.id, message);
      this.#seen.add(message.id);
    }
    return fresh;
  }

  /** A higher count than that of what was sent means: it has been sent, and has come back refused. */
  judge(message: StrandedMessage): 'send' | 'drop' | 'keep' {
    const before = this.#sent.get(message.digest);
    const isBack = before !== undefined && message.redrives > before;
    if (isBack || !message.isRedrivable || !matches(message, this.#filter)) return 'keep';
    if (before !== undefined) return 'drop';
    this.#sent.set(message.digest, message.redrives);
    return 'send';
  }

  done(what: 'send' | 'drop', { id }: StrandedMessage): void {
    this.kept.delete(id);
    if (what === 'send') this.#redriven += 1;
    else this.#copies += 1;
  }
}

function matches(stranded: StrandedMessage, { reason, deviceId }: StrandedFilter): boolean {
  const { facts } = stranded;
  return (
    (reason ?? facts.reason) === facts.reason && (deviceId ?? facts.deviceId) === facts.deviceId
  );
}

import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { QuarantineEntry, type QuarantineReason } from '@pulseledger/domain';

/** Entries that one listing or redrive looks at. */
export const MAX_ENTRIES = 1_000;
/** How long a listing or redrive keeps an entry from others; a crash gives it back after that. */
const HELD_SECONDS = 120;
const RECEIVE_AT_ONCE = 10;

/** A quarantined message without its content. */
export interface QuarantineListing {
  /** Random id of the sending device; empty when the message was none of a device. */
  readonly deviceId: string;
  readonly reason: QuarantineReason;
  readonly receivedAtMs: number;
  readonly quarantinedAtMs: number;
  /** Number of readings, when known. */
  readonly readings: number | undefined;
  /** Size of the chunk. */
  readonly bytes: number;
}

/** Which entries to redrive; a part that is left out lets all pass. */
export interface RedriveFilter {
  readonly reason?: QuarantineReason | undefined;
  readonly deviceId?: string | undefined;
}

/** Options of {@link Quarantine}. */
export interface QuarantineOptions {
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
}

interface Held {
  readonly entry: QuarantineEntry | undefined;
  readonly receipt: string;
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
   * @throws the SDK's error after its own retries.
   */
  async put(entry: QuarantineEntry): Promise<void> {
    const body = JSON.stringify(entry);
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: body }),
    );
  }

  /** What is there, up to 1,000 entries, oldest first; nothing of what was measured. */
  async list(): Promise<QuarantineListing[]> {
    const held = await this.#hold();
    await this.#giveBack(held);
    return held
      .flatMap(({ entry }) => (entry === undefined ? [] : [listed(entry)]))
      .sort((one, other) => one.quarantinedAtMs - other.quarantinedAtMs);
  }

  /**
   * Sends matching messages through the ingest queue again, up to 1,000 entries a call. Harmless to repeat, also after a
   * crash in between: the contract answers "already" for what is on the ledger, and what it still refuses comes back here.
   * @returns how many were sent.
   */
  async redrive(ingestQueueUrl: string, filter: RedriveFilter): Promise<number> {
    const held = await this.#hold();
    const matching = held.filter(({ entry }) => entry !== undefined && matches(entry, filter));
    await this.#giveBack(held.filter((one) => !matching.includes(one)));
    for (const { entry, receipt } of matching) {
      const body = JSON.stringify(entry?.message);
      await this.#client.send(
        new SendMessageCommand({ QueueUrl: ingestQueueUrl, MessageBody: body }),
      );
      await this.#client.send(
        new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle: receipt }),
      );
    }
    return matching.length;
  }

  async #hold(): Promise<Held[]> {
    const held: Held[] = [];
    while (held.length < MAX_ENTRIES) {
      const { Messages: messages = [] } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#queueUrl,
          MaxNumberOfMessages: RECEIVE_AT_ONCE,
          VisibilityTimeout: HELD_SECONDS,
          WaitTimeSeconds: 1,
        }),
      );
      if (messages.length === 0) {
        break;
      }
      held.push(...messages.flatMap(toHeld));
    }
    return held;
  }

  async #giveBack(held: readonly Held[]): Promise<void> {
    for (const { receipt } of held) {
      await this.#client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: this.#queueUrl,
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }),
      );
    }
  }
}

function toHeld({ Body: body, ReceiptHandle: receipt }: Message): Held[] {
  if (receipt === undefined) {
    return [];
  }
  try {
    const parsed = QuarantineEntry.safeParse(JSON.parse(body ?? ''));
    return [{ entry: parsed.success ? parsed.data : undefined, receipt }];
  } catch {
    return [{ entry: undefined, receipt }];
  }
}

function matches({ reason, message }: QuarantineEntry, filter: RedriveFilter): boolean {
  return (
    (filter.reason ?? reason) === reason &&
    (filter.deviceId ?? message.clientId) === message.clientId
  );
}

function listed({
  reason,
  message,
  quarantinedAtMs,
  readings,
}: QuarantineEntry): QuarantineListing {
  return {
    deviceId: message.clientId,
    reason,
    receivedAtMs: message.receivedAtMs,
    quarantinedAtMs,
    readings,
    bytes: Buffer.from(message.payload, 'base64').length,
  };
}

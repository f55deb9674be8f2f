import { createHash } from 'node:crypto';
import type { Message } from '@aws-sdk/client-sqs';
import {
  type ChunkHeader,
  chunkHeader,
  chunkSummaries,
  IngestMessage,
  MAX_REDRIVES,
  PulseError,
  QuarantineEntry,
  type QuarantineReason,
} from '@pulseledger/domain';

/** Where a message stranded: refused for a reason, or tried too often. */
export type Place = 'quarantine' | 'dead-letters';

/** What is said about a stranded message: nothing of what was measured. */
export interface StrandedFacts {
  /** The queue's own number of the message, for `show`. */
  readonly id: string;
  /** Random id of the sending device; empty when the message was none of a device. */
  readonly deviceId: string;
  /** Missing for a dead letter, of which it is not known. */
  readonly reason?: QuarantineReason;
  /** When it was received from the device. */
  readonly receivedAtMs: number;
  /** When it was put into the quarantine; missing for a dead letter. */
  readonly quarantinedAtMs?: number;
  /** Number of readings, when known. */
  readonly readings?: number;
  /** Size of the chunk. */
  readonly bytes: number;
  /** How often it was sent through ingest again. */
  readonly redrives: number;
}

/** A chunk's header and what kinds of readings it has, without a value. */
export interface ContentFacts {
  readonly boot: number;
  readonly firstSequence: number;
  readonly count: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly zoneOffsetMinutes: number;
  /** Readings by code; missing when the bytes behind the header are not right. */
  readonly codes?: Readonly<Record<string, number>>;
}

/** A stranded message as the queue handed it out. */
export class StrandedMessage {
  readonly receipt: string;
  readonly id: string;
  /** Undefined: it was written by nobody we know. */
  readonly message: IngestMessage | undefined;
  /** A foreign body in the quarantine stays; as a dead letter it was on its way to ingest, which will judge it. */
  readonly isRedrivable: boolean;
  readonly #entry: QuarantineEntry | undefined;
  readonly #body: string;
  readonly #sentAtMs: number;

  constructor(
    place: Place,
    { Body = '', MessageId = '', ReceiptHandle = '', Attributes }: Message,
  ) {
    this.id = MessageId;
    this.receipt = ReceiptHandle;
    this.#body = Body;
    this.#sentAtMs = Number(Attributes?.SentTimestamp ?? 0);
    const json = parseJson(Body);
    this.#entry = place === 'quarantine' ? QuarantineEntry.safeParse(json).data : undefined;
    const message = place === 'quarantine' ? this.#entry?.message : json;
    this.message = IngestMessage.safeParse(message).data;
    this.isRedrivable = place === 'dead-letters' || this.message !== undefined;
  }

  get reason(): QuarantineReason | undefined {
    return this.#entry?.reason;
  }

  get redrives(): number {
    return this.message?.redrives ?? 0;
  }

  /** Two messages of one sender with the same bytes are copies of each other. */
  get digest(): string {
    const { clientId = '', payload = this.#body } = this.message ?? {};
    return createHash('sha256').update(`${clientId} ${payload}`).digest('hex');
  }

  get facts(): StrandedFacts {
    const { reason, quarantinedAtMs, readings = this.#header()?.count } = this.#entry ?? {};
    const { clientId = '', receivedAtMs = this.#sentAtMs } = this.message ?? {};
    return {
      id: this.id,
      deviceId: clientId,
      ...(reason === undefined ? {} : { reason }),
      receivedAtMs,
      ...(quarantinedAtMs === undefined ? {} : { quarantinedAtMs }),
      ...(readings === undefined ? {} : { readings }),
      bytes: this.#bytes().length,
      redrives: this.redrives,
    };
  }

  /** What the chunk is about; undefined when not even its header can be read. */
  get content(): ContentFacts | undefined {
    const header = this.#header();
    if (header === undefined) return undefined;
    const { boot, firstSequence, count, startMs, endMs, zoneOffsetMinutes } = header;
    const codes = orUndefined(() => countByCode(this.#bytes()));
    return {
      boot,
      firstSequence,
      count,
      startMs,
      endMs,
      zoneOffsetMinutes,
      ...(codes === undefined ? {} : { codes }),
    };
  }

  /** The body with which it goes through ingest again. */
  get redriven(): string {
    if (this.message === undefined) return this.#body;
    const redrives = Math.min(this.redrives + 1, MAX_REDRIVES);
    return JSON.stringify({ ...this.message, redrives });
  }

  #bytes(): Uint8Array {
    return Buffer.from(this.message?.payload ?? '', 'base64');
  }

  #header(): ChunkHeader | undefined {
    return orUndefined(() => chunkHeader(this.#bytes()));
  }
}

function countByCode(chunk: Uint8Array): Record<string, number> {
  const codes: Record<string, number> = {};
  for (const { code, count } of chunkSummaries(chunk)) codes[code] = (codes[code] ?? 0) + count;
  return codes;
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PulseError) return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import {
  type Acknowledgement,
  type ChunkHeader,
  Identifier,
  type IngestMessage,
  type QuarantineEntry,
  type QuarantineReason,
} from '@pulseledger/domain';
import type { SubmissionObserver } from '@pulseledger/ledger';
import { bulkhead } from 'cockatiel';
import type { CommittedChunk, WatchReport } from './alarm-watch.ts';
import type { NewReadings } from './live-hints.ts';
import { type CommittedRange, mergedAnswers } from './merged-answers.ts';
import { parseMessage, type QueuedMessage, type ReceivedChunk } from './parse-message.ts';
import {
  type JudgedChunk,
  type RecordReport,
  recordChunks,
  type SubmitAll,
} from './record-chunks.ts';
import type { TransactionSize } from './transaction-size.ts';

/** Acknowledgements and quarantine entries under way at the same time. */
const SENDS_AT_ONCE = 32;
const MAX_WAITING_SENDS = 20_000;

/** What ingest needs from outside. */
export interface IngestPorts {
  readonly submitAll: SubmitAll;
  /** Rejects when the broker did not take it. */
  readonly acknowledge: (deviceId: string, acknowledgement: Acknowledgement) => Promise<void>;
  /** Resolves when the entry is durable. */
  readonly quarantine: (entry: QuarantineEntry) => Promise<void>;
  /** Never rejects. */
  readonly hint: (readings: readonly NewReadings[]) => Promise<void>;
  /** Evaluates alarms of chunks that are on the ledger; never rejects. No alarms when left out. */
  readonly watch?: ((chunks: readonly CommittedChunk[]) => Promise<WatchReport>) | undefined;
  readonly now: () => number;
  /** What earlier invocations have learnt; the first one starts with full transactions. */
  readonly transactionSize?: TransactionSize;
}

/** What one batch of messages came to. Counts, reasons, transaction IDs and durations only. */
export interface IngestReport {
  /** Messages that must be delivered again: their outcome is not known, or the trouble passes. */
  readonly failedMessageIds: readonly string[];
  readonly messages: number;
  /** Messages that the queue had handed out before. */
  readonly redelivered: number;
  readonly chunks: number;
  readonly recorded: number;
  /** Chunks that were on the ledger before: what a redelivery or a repeated sending ends as. */
  readonly already: number;
  readonly quarantined: Readonly<Partial<Record<QuarantineReason, number>>>;
  /** Patients whose alarms were written. */
  readonly alarmsChanged: number;
  readonly transactionIds: readonly string[];
  /** Error codes of transactions that were not committed, with how often. */
  readonly failures: Readonly<Record<string, number>>;
  readonly endorseMs: number;
  readonly commitMs: number;
  /** Of each recorded chunk, from the broker's PUBACK to the acknowledgement by the ledger. */
  readonly commitLatenciesMs: readonly number[];
}

/** Told what ingest does, to be counted. Must not throw. */
export interface IngestObserver extends SubmissionObserver {
  /** Once a batch of messages. */
  readonly ingested: (report: IngestReport) => void;
}

/** Takes a batch of messages from the queue to the ledger. One bad message never holds up another. */
export async function ingestMessages(
  queued: readonly QueuedMessage[],
  ports: IngestPorts,
): Promise<IngestReport> {
  const batch = new Batch(ports);
  const chunks: ReceivedChunk[] = [];
  for (const message of queued) {
    const parsed = parseMessage(message);
    if (parsed.kind === 'chunk') chunks.push(parsed);
    else batch.reject({ ...parsed, messageIds: [parsed.messageId] });
  }
  const report = await record(chunks, ports);
  for (const judged of report.judged) {
    batch.conclude(judged);
  }
  await batch.sent();
  return {
    ...batch.report(),
    ...summarize(report),
    messages: queued.length,
    redelivered: queued.filter(({ receiveCount }) => receiveCount > 1).length,
    chunks: report.judged.length,
  };
}

async function record(chunks: readonly ReceivedChunk[], ports: IngestPorts): Promise<RecordReport> {
  if (chunks.length === 0) {
    return { judged: [], outcomes: [], troubles: [] };
  }
  return recordChunks(chunks, ports.submitAll, ports.transactionSize);
}

interface Rejected {
  readonly messageIds: readonly string[];
  readonly message: IngestMessage;
  readonly reason: QuarantineReason;
  readonly header: ChunkHeader | undefined;
}

/** Sends what has to be sent and remembers which messages must come back. */
class Batch {
  readonly #ports: IngestPorts;
  readonly #slots = bulkhead(SENDS_AT_ONCE, MAX_WAITING_SENDS);
  readonly #sends: Promise<void>[] = [];
  readonly #failed: string[] = [];
  readonly #counts = { recorded: 0, already: 0 };
  readonly #quarantined: Partial<Record<QuarantineReason, number>> = {};
  readonly #new: NewReadings[] = [];
  readonly #latencies: number[] = [];
  readonly #committed: (CommittedChunk & CommittedRange)[] = [];
  #alarmsChanged = 0;

  constructor(ports: IngestPorts) {
    this.#ports = ports;
  }

  conclude({ chunk, verdict }: JudgedChunk): void {
    const { messageIds, message, header, bytes } = chunk;
    switch (verdict.status) {
      case 'return':
        this.#failed.push(...messageIds);
        return;
      case 'refused':
        this.reject({ messageIds, message, header, reason: verdict.reason });
        return;
      case 'recorded':
        this.#latencies.push(this.#ports.now() - message.receivedAtMs);
        this.#new.push({
          deviceId: header.deviceId,
          atMs: header.startMs,
          blockNumber: verdict.blockNumber,
        });
        break;
      case 'already':
        break;
    }
    this.#counts[verdict.status] += 1;
    const { transactionId, blockNumber } = verdict;
    const place = verdict.status === 'recorded' ? { transactionId, blockNumber } : undefined;
    this.#committed.push({ bytes, header, messageIds, place, receivedAtMs: message.receivedAtMs });
  }

  /** Into quarantine first, and only then is the device told to forget it. */
  reject({ messageIds, message, reason, header }: Rejected): void {
    this.#quarantined[reason] = (this.#quarantined[reason] ?? 0) + 1;
    this.#send(messageIds, async () => {
      await this.#ports.quarantine({
        reason,
        message,
        quarantinedAtMs: this.#ports.now(),
        ...(header === undefined ? {} : { readings: header.count }),
      });
      // To whom the broker says it came from, never to whom the payload claims.
      if (header !== undefined && Identifier.safeParse(message.clientId).success) {
        const acknowledgement = { ...named(header), status: 'quarantined', reason } as const;
        await this.#ports.acknowledge(message.clientId, acknowledgement);
      }
    });
  }

  /** Tells devices what is on the ledger, and whoever watches that it is. */
  async sent(): Promise<void> {
    for (const { deviceId, acknowledgement, messageIds } of mergedAnswers(this.#committed)) {
      this.#send(messageIds, () => this.#ports.acknowledge(deviceId, acknowledgement));
    }
    await Promise.all(this.#sends);
    await Promise.all([this.#ports.hint(this.#new), this.#watch()]);
  }

  /** After the acknowledgements: nobody waits for the alarms but their readers. */
  async #watch(): Promise<void> {
    const report = await this.#ports.watch?.(this.#committed);
    if (report === undefined) return;
    this.#alarmsChanged = report.changed;
    const failed = new Set(this.#failed);
    this.#failed.push(...report.unfinishedMessageIds.filter((id) => !failed.has(id)));
  }

  report(): Pick<
    IngestReport,
    | 'failedMessageIds'
    | 'recorded'
    | 'already'
    | 'quarantined'
    | 'alarmsChanged'
    | 'commitLatenciesMs'
  > {
    return {
      failedMessageIds: this.#failed,
      ...this.#counts,
      quarantined: this.#quarantined,
      alarmsChanged: this.#alarmsChanged,
      commitLatenciesMs: this.#latencies,
    };
  }

  /** What could not be sent comes back as a message: the contract then answers "already". */
  #send(messageIds: readonly string[], work: () => Promise<void>): void {
    const sending = this.#slots.execute(work).catch(() => {
      this.#failed.push(...messageIds);
    });
    this.#sends.push(sending);
  }
}

function named(header: ChunkHeader): Pick<Acknowledgement, 'boot' | 'firstSequence' | 'count'> {
  return { boot: header.boot, firstSequence: header.firstSequence, count: header.count };
}

function summarize(
  report: RecordReport,
): Pick<IngestReport, 'transactionIds' | 'failures' | 'endorseMs' | 'commitMs'> {
  const { outcomes, troubles } = report;
  const failures: Record<string, number> = {};
  const count = (code: string): void => {
    failures[code] = (failures[code] ?? 0) + 1;
  };
  troubles.forEach(count);
  for (const outcome of outcomes) {
    if (outcome.status !== 'committed') {
      count(outcome.error.code);
    }
  }
  return {
    transactionIds: outcomes.map(({ transactionId }) => transactionId),
    failures,
    endorseMs: longest(outcomes.map(({ times }) => times.endorseMs)),
    commitMs: longest(outcomes.map(({ times }) => times.submitMs + times.commitMs)),
  };
}

function longest(durations: readonly number[]): number {
  return Math.max(0, ...durations);
}

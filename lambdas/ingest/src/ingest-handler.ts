import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Clock, PROVIDER_MSP_IDS, SYSTEM_CLOCK } from '@pulseledger/domain';
import {
  AlarmClient,
  BatchSigner,
  connectGateway,
  IdentitySource,
  RecordClient,
  serviceSignatories,
} from '@pulseledger/ledger';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logLine } from '../../common/src/log.ts';
import { aborted } from './aborted.ts';
import { alarmRecorder } from './alarm-recorder.ts';
import { AlarmWatch, type WatchReport } from './alarm-watch.ts';
import type { IngestEnvironment } from './environment.ts';
import {
  type IngestObserver,
  type IngestPorts,
  type IngestReport,
  ingestMessages,
} from './ingest.ts';
import { LiveHints } from './live-hints.ts';
import { Publisher } from './publisher.ts';
import { Quarantine } from './quarantine.ts';
import { TransactionSize } from './transaction-size.ts';

/** Transactions of one invocation under way at the same time. */
const TRANSACTIONS_AT_ONCE = 4;
/** What is kept of the invocation's time for acknowledgements after the last commit. */
const MOST_KEPT_FOR_SENDING_MS = 5_000;
/** A share of it when the function's time-out is short. */
const KEPT_FOR_SENDING = 0.25;
/** What is not sent by then comes back: a function that is ended by its time-out brings back the whole batch, and late. */
const KEPT_FOR_ANSWERING = 0.1;

const NOTHING_WATCHED: WatchReport = { changed: 0, unfinishedMessageIds: [] };

/** The function as Lambda calls it. */
export type IngestHandler = (
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

/**
 * The handler with its clients, which live as long as the process. Endpoints and credentials of AWS come from the SDK's own
 * environment variables.
 * @param log - gets one line of JSON an invocation, without anything personal.
 * @param observer - is told of retries, unknown commits and what each invocation came to.
 */
export function createIngestHandler(
  environment: IngestEnvironment,
  log: (line: string) => void,
  observer?: IngestObserver,
): IngestHandler {
  const connection = connectGateway(environment.profile, environment.organization);
  const identities = new IdentitySource({
    client: new SecretsManagerClient(),
    prefix: environment.secretPrefix,
  });
  const signatories = serviceSignatories(identities, environment.organization);
  const signer = new BatchSigner({
    connection,
    signatories,
    endorsers: PROVIDER_MSP_IDS,
    observer,
  });
  const record = new RecordClient({ connection, signatories });
  const publisher = new Publisher(new IoTDataPlaneClient());
  const quarantine = new Quarantine({
    client: new SQSClient(),
    queueUrl: environment.quarantineQueueUrl,
  });
  const hints = new LiveHints({
    deviceStatus: (input) => record.deviceStatus(input),
    hint: (pseudonym, blockNumber) => publisher.hint(pseudonym, blockNumber),
    now: Date.now,
  });
  const alarmClient = new AlarmClient(record.calls);
  const alarms = new AlarmWatch({
    alarmStates: (input) => alarmClient.alarmStates(input),
    recorder: alarmRecorder((transactions, giveUpAtMs) =>
      signer.submitAll(transactions, { concurrency: TRANSACTIONS_AT_ONCE, giveUpAtMs }),
    ),
    hint: (pseudonym, blockNumber) => publisher.hint(pseudonym, blockNumber),
    now: Date.now,
  });
  const { now } = Date;
  return ingestHandler({ signer, publisher, quarantine, hints, alarms, now, log, observer });
}

/** What an invocation works with. */
export interface IngestParts {
  readonly signer: Pick<BatchSigner, 'submitAll'>;
  readonly publisher: Pick<Publisher, 'acknowledge'>;
  readonly quarantine: Pick<Quarantine, 'put'>;
  readonly hints: Pick<LiveHints, 'tell'>;
  /** Nobody's alarms are evaluated when left out. */
  readonly alarms?: Pick<AlarmWatch, 'evaluate'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The machine's timer when left out. */
  readonly after?: Clock['after'];
  readonly log: (line: string) => void;
  readonly observer?: IngestObserver | undefined;
}

/** The handler over its parts: what an invocation leaves undone comes back as `batchItemFailures`. */
export function ingestHandler(parts: IngestParts): IngestHandler {
  const { signer, publisher, quarantine, hints, alarms, now, log, observer } = parts;
  const { after = SYSTEM_CLOCK.after } = parts;
  const transactionSize = new TransactionSize();
  const portsUntil = (giveUpAtMs: number, sending: AbortSignal): IngestPorts => ({
    submitAll: (transactions) =>
      signer.submitAll(transactions, { concurrency: TRANSACTIONS_AT_ONCE, giveUpAtMs }),
    acknowledge: (deviceId, acknowledgement) =>
      publisher.acknowledge(deviceId, acknowledgement, sending),
    quarantine: (entry) => quarantine.put(entry, sending),
    hint: (readings) => Promise.race([hints.tell(readings), aborted(sending)]),
    watch: async (chunks) => alarms?.evaluate(chunks, giveUpAtMs, sending) ?? NOTHING_WATCHED,
    now,
    transactionSize,
  });
  return async (event, context) => {
    const startedMs = now();
    const remainingMs = context.getRemainingTimeInMillis();
    const keptMs = Math.min(MOST_KEPT_FOR_SENDING_MS, remainingMs * KEPT_FOR_SENDING);
    const giveUpAtMs = startedMs + remainingMs - keptMs;
    const sending = new AbortController();
    const cancel = after(remainingMs * (1 - KEPT_FOR_ANSWERING), () => {
      sending.abort();
    });
    const ports = portsUntil(giveUpAtMs, sending.signal);
    const report = await ingestMessages(event.Records.map(toQueued), ports).finally(cancel);
    log(reportLine(report, now() - startedMs));
    observer?.ingested(report);
    return {
      batchItemFailures: report.failedMessageIds.map((itemIdentifier) => ({ itemIdentifier })),
    };
  };
}

function toQueued(record: SQSRecord): Parameters<typeof ingestMessages>[0][number] {
  return {
    messageId: record.messageId,
    body: record.body,
    sentAtMs: Number(record.attributes.SentTimestamp),
    receiveCount: Number(record.attributes.ApproximateReceiveCount),
  };
}

function reportLine(report: IngestReport, durationMs: number): string {
  return logLine('ingested', {
    ...report,
    returned: report.failedMessageIds.length,
    durationMs,
  });
}

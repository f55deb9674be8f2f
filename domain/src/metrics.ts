import { QUARANTINE_REASONS, type QuarantineReason } from './errors.ts';

/** CloudWatch namespace of all metrics. */
export const METRICS_NAMESPACE = 'Pulseledger';

/** Why a step of a transaction was taken again (`ledger/`: kinds of faults, and a lost race). */
export const RETRY_REASONS = [
  'conflict',
  'invalid',
  'contract',
  'disagreement',
  'identity',
  'busy',
  'timeout',
  'unreachable',
  'too_large',
  'refused',
  'out_of_time',
  'duplicate',
] as const;

/** A reason for which a step of a transaction was taken again. */
export type RetryReason = (typeof RETRY_REASONS)[number];

/** What the broker, the contracts and the API call a refusal. */
export const DENIAL_REASONS = [
  'tls_refused',
  'certificate_expired',
  'certificate_not_yet_valid',
  'client_id_refused',
  'revoked',
  'publish_denied',
  'subscribe_denied',
  'packet_too_long',
  'unauthenticated',
  'access_denied',
  'wrong_organization_for_role',
  'subject_commitment_mismatch',
] as const;

/** What the broker, the contracts or the API call a refusal. */
export type DenialReason = (typeof DENIAL_REASONS)[number];

/** Where a refusal was spoken. */
export const DENIERS = ['broker', 'contract', 'api'] as const;
/** The queues that are watched. */
export const WATCHED_QUEUES = ['ingest', 'ingest-dlq', 'quarantine'] as const;

/** The metrics that are measured under dimensions, with these. */
export interface MetricDimensions {
  readonly Retries: { readonly reason: RetryReason };
  readonly Quarantined: { readonly reason: QuarantineReason };
  readonly Denied: { readonly at: (typeof DENIERS)[number]; readonly reason: DenialReason };
  readonly QueueDepth: { readonly queue: (typeof WATCHED_QUEUES)[number] };
}

/** Name of a metric. */
export type MetricName =
  | keyof MetricDimensions
  | 'PubackToCommit'
  | 'ChunksRecorded'
  | 'RedeliveriesResolved'
  | 'UnknownCommitsResolved'
  | 'MessagesReturned'
  | 'MessagesQueued'
  | 'Redeliveries'
  | 'OldestUnsigned'
  | 'MissingReadings'
  | 'DevicesWithGaps';

/** What a metric is. */
export interface MetricDescription<Name extends MetricName = MetricName> {
  readonly unit: 'Count' | 'Milliseconds';
  /**
   * `counter`: sums up; `gauge`: the latest value counts; `distribution`: every value counts.
   */
  readonly kind: 'counter' | 'gauge' | 'distribution';
  /** Every value that a dimension can have: no other is ever written. */
  readonly dimensions: Name extends keyof MetricDimensions
    ? { readonly [Key in keyof MetricDimensions[Name]]: readonly MetricDimensions[Name][Key][] }
    : Readonly<Record<string, never>>;
  readonly help: string;
}

/**
 * Every metric of the system. Dimensions have closed lists of values, so that no id of a device or a
 * person can become one.
 */
export const METRICS: { readonly [Name in MetricName]: MetricDescription<Name> } = {
  PubackToCommit: {
    unit: 'Milliseconds',
    kind: 'distribution',
    dimensions: {},
    help: 'From the durable receipt of a chunk (PUBACK) to the moment when its commit was known.',
  },
  ChunksRecorded: {
    unit: 'Count',
    kind: 'counter',
    dimensions: {},
    help: 'Chunks that the contract recorded.',
  },
  RedeliveriesResolved: {
    unit: 'Count',
    kind: 'counter',
    dimensions: {},
    help: 'Chunks that came again although they were on the ledger, and were acknowledged again.',
  },
  UnknownCommitsResolved: {
    unit: 'Count',
    kind: 'counter',
    dimensions: {},
    help: 'Transactions whose commit was unknown for a time and became known.',
  },
  Retries: {
    unit: 'Count',
    kind: 'counter',
    dimensions: { reason: RETRY_REASONS },
    help: 'Steps of transactions that were taken again.',
  },
  Quarantined: {
    unit: 'Count',
    kind: 'counter',
    dimensions: { reason: QUARANTINE_REASONS },
    help: 'Messages put into the quarantine.',
  },
  MessagesReturned: {
    unit: 'Count',
    kind: 'counter',
    dimensions: {},
    help: 'Messages that ingest gave back to the queue, because their outcome was not known.',
  },
  Denied: {
    unit: 'Count',
    kind: 'counter',
    dimensions: { at: DENIERS, reason: DENIAL_REASONS },
    help: 'Connections, messages and requests that were refused for who sent them.',
  },
  MessagesQueued: {
    unit: 'Count',
    kind: 'counter',
    dimensions: {},
    help: 'Messages of devices that the queue has taken durably.',
  },
  Redeliveries: {
    unit: 'Count',
    kind: 'counter',
    dimensions: {},
    help: 'Messages that the ingest queue delivered again.',
  },
  OldestUnsigned: {
    unit: 'Milliseconds',
    kind: 'gauge',
    dimensions: {},
    help: 'Age of the oldest message that is neither on the ledger nor in the quarantine.',
  },
  QueueDepth: {
    unit: 'Count',
    kind: 'gauge',
    dimensions: { queue: WATCHED_QUEUES },
    help: 'Messages in a queue, those being worked on included.',
  },
  MissingReadings: {
    unit: 'Count',
    kind: 'gauge',
    dimensions: {},
    help: 'Sequence numbers missing between recorded ones, over all devices.',
  },
  DevicesWithGaps: {
    unit: 'Count',
    kind: 'gauge',
    dimensions: {},
    help: 'Devices of which sequence numbers are missing between recorded ones.',
  },
};

/** What takes measurements; nothing that it does can fail the work that is measured. */
export interface MetricSink {
  readonly record: <Name extends MetricName>(
    name: Name,
    value: number,
    ...dimensions: Name extends keyof MetricDimensions ? [MetricDimensions[Name]] : []
  ) => void;
}

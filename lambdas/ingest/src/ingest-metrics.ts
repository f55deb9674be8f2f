import { DENIAL_REASONS, type MetricSink, QUARANTINE_REASONS } from '@pulseledger/domain';
import type { IngestObserver, IngestReport } from './ingest.ts';

/** What can be counted and written: see `EmfMetrics`. */
export interface FlushedSink extends MetricSink {
  readonly flush: () => void;
}

/** Turns what ingest and the ledger's client tell into metrics, written once a batch of messages. */
export function ingestMetrics(metrics: FlushedSink): IngestObserver {
  return {
    retried: (_stage, reason) => {
      metrics.record('Retries', 1, { reason });
    },
    commitUnknown: () => undefined,
    unknownResolved: () => {
      metrics.record('UnknownCommitsResolved', 1);
    },
    ingested: (report) => {
      count(metrics, report);
      metrics.flush();
    },
  };
}

function count(metrics: MetricSink, report: IngestReport): void {
  metrics.record('ChunksRecorded', report.recorded);
  metrics.record('Redeliveries', report.redelivered);
  metrics.record('RedeliveriesResolved', report.already);
  metrics.record('MessagesReturned', report.failedMessageIds.length);
  for (const latencyMs of report.commitLatenciesMs) metrics.record('PubackToCommit', latencyMs);
  for (const reason of QUARANTINE_REASONS) {
    const messages = report.quarantined[reason] ?? 0;
    if (messages > 0) metrics.record('Quarantined', messages, { reason });
  }
  for (const reason of DENIAL_REASONS) {
    const transactions = report.failures[reason] ?? 0;
    if (transactions > 0) metrics.record('Denied', transactions, { at: 'contract', reason });
  }
}

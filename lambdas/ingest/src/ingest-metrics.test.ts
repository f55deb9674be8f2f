import { describe, expect, it } from '@jest/globals';
import { EmfMetrics } from '../../common/src/metrics.ts';
import type { IngestReport } from './ingest.ts';
import { ingestMetrics } from './ingest-metrics.ts';

const DEVICE_ID = '0123456789abcdef0123456789abcdef';
const REPORT: IngestReport = {
  failedMessageIds: ['one', 'two'],
  messages: 9,
  redelivered: 3,
  chunks: 7,
  recorded: 4,
  already: 1,
  quarantined: { overlap: 2 },
  alarmsChanged: 0,
  transactionIds: [DEVICE_ID],
  failures: { access_denied: 1, unavailable: 2 },
  endorseMs: 1,
  commitMs: 2,
  commitLatenciesMs: [120, 80, 100, 90],
};

function written(use: (observer: ReturnType<typeof ingestMetrics>) => void): string[] {
  const lines: string[] = [];
  use(ingestMetrics(new EmfMetrics('ingest', (line) => lines.push(line))));
  return lines;
}

describe("ingest's metrics", () => {
  it('are written once a batch of messages, a line for each set of dimensions', () => {
    const lines = written((observer) => {
      observer.ingested(REPORT);
    });
    const [plain, ...others] = lines.map((line): unknown => JSON.parse(line));
    expect(plain).toMatchObject({
      service: 'ingest',
      ChunksRecorded: 4,
      Redeliveries: 3,
      RedeliveriesResolved: 1,
      MessagesReturned: 2,
      PubackToCommit: [120, 80, 100, 90],
    });
    expect(others).toMatchObject([
      { service: 'ingest', reason: 'overlap', Quarantined: 2 },
      { service: 'ingest', at: 'contract', reason: 'access_denied', Denied: 1 },
    ]);
    expect(lines.join('')).not.toContain(DEVICE_ID);
  });

  it('hold what the ledger client had to do again, from before the batch was over', () => {
    const lines = written((observer) => {
      observer.retried('commit', 'conflict');
      observer.retried('endorse', 'busy');
      observer.retried('commit', 'conflict');
      observer.commitUnknown();
      observer.unknownResolved('committed');
      observer.ingested({ ...REPORT, quarantined: {}, failures: {} });
    });
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { reason: 'conflict', Retries: 2 },
      { reason: 'busy', Retries: 1 },
      { UnknownCommitsResolved: 1, ChunksRecorded: 4 },
    ]);
  });
});

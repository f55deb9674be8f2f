import { EmfMetrics } from '../../common/src/metrics.ts';
import { readEnvironment } from './environment.ts';
import { createIngestHandler, type IngestHandler } from './ingest-handler.ts';
import { ingestMetrics } from './ingest-metrics.ts';

/** AWS Lambda entry point: batches of the ingest queue, with partial failures. */
export const handler: IngestHandler = createIngestHandler(
  readEnvironment(process.env),
  console.log,
  ingestMetrics(new EmfMetrics('ingest', console.log)),
);

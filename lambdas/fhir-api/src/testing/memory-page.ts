import {
  chunkHeader,
  chunkSummaries,
  mergeSummaries,
  type PatientView,
  PulseError,
  type ReadSummariesOutput,
} from '@pulseledger/domain';
import type { PagePort } from '../record/page-port.ts';
import type { RecordPort, VitalsInput } from '../record/port.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The lists and summaries of the record's twin in memory; nobody's openings are kept there. */
export function memoryPage(record: RecordPort, own: () => readonly PatientView[]): PagePort {
  const rows = (stepMs: number) => async (input: VitalsInput) => summaries(record, input, stepMs);
  return {
    listPatients: () => Promise.resolve({ patients: own() }),
    readMinutes: rows(MINUTE_MS),
    readHours: rows(HOUR_MS),
    listAccess: () => Promise.reject(new PulseError('access_denied')),
    listOrders: () => Promise.reject(new PulseError('access_denied')),
  };
}

/** By the start of each chunk, which is exact for chunks that do not cross a step. */
async function summaries(
  record: RecordPort,
  input: VitalsInput,
  stepMs: number,
): Promise<ReadSummariesOutput> {
  const { chunks, bookmark } = await record.readChunks(input);
  const bytes = chunks.map((chunk) => new Uint8Array(Buffer.from(chunk, 'base64')));
  const steps = Map.groupBy(bytes, (chunk) => Math.floor(chunkHeader(chunk).startMs / stepMs));
  const rows = [...steps].map(([step, members]) => ({
    atMs: step * stepMs,
    summaries: mergeSummaries(members.flatMap(chunkSummaries)),
  }));
  return { rows, bookmark };
}

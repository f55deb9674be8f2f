/** A page of all vital signs of a patient, oldest first, with series in place of dense readings. */
import { PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { decodeStored, storedChunks } from '../record/port.ts';
import type { Place } from '../search/cursor.ts';
import { MAX_PAGE_CHARACTERS, shownSign } from './search-vitals.ts';
import { seriesOf, shownSeries } from './series.ts';
import { type RecordedChunk, signsOf } from './signs.ts';

/** Chunks of one call; each becomes a handful of resources. */
const CHUNKS_A_CALL = 50;
const MAX_CALLS = 10;
const CLOCK_AHEAD_MS = 300_000;

export interface VitalsPage {
  readonly resources: readonly FhirJson[];
  readonly next: Place | undefined;
}

interface Options {
  readonly count: number;
  readonly sinceMs: number;
  /** The ledger's bookmark of where to go on. */
  readonly after: Place;
}

/** Chunks are whole or not at all on a page, so that the ledger's own bookmark is the place. */
export async function vitalsPage(
  call: Call,
  patientId: string,
  { count, sinceMs, after }: Options,
): Promise<VitalsPage> {
  const resources: FhirJson[] = [];
  let characters = 0;
  let bookmark = after[0] === undefined ? undefined : String(after[0]);
  for (let calls = 0; calls < MAX_CALLS; calls += 1) {
    const page = await readChunks(call, patientId, { sinceMs, bookmark });
    if (page === undefined) return { resources, next: undefined };
    const shown = shownChunks(patientId, page.chunks);
    resources.push(...shown);
    characters += shown.reduce((sum, resource) => sum + JSON.stringify(resource).length, 0);
    bookmark = page.bookmark;
    if (bookmark === undefined) return { resources, next: undefined };
    if (resources.length >= count || characters > MAX_PAGE_CHARACTERS / 4) break;
  }
  return { resources, next: bookmark === undefined ? undefined : [bookmark] };
}

/** Undefined when the caller may not read vitals. */
async function readChunks(
  call: Call,
  patientId: string,
  { sinceMs, bookmark }: { readonly sinceMs: number; readonly bookmark: string | undefined },
): Promise<{ chunks: RecordedChunk[]; bookmark: string | undefined } | undefined> {
  try {
    const page = await call.record.readChunks({
      patientId,
      fromMs: sinceMs,
      toMs: call.now() + CLOCK_AHEAD_MS,
      pageSize: CHUNKS_A_CALL,
      ...(bookmark === undefined ? {} : { bookmark }),
    });
    return { chunks: storedChunks(page).map(decodeStored), bookmark: page.bookmark };
  } catch (error) {
    if (error instanceof PulseError && error.code === 'not_found') return undefined;
    throw error;
  }
}

function shownChunks(patientId: string, chunks: readonly RecordedChunk[]): FhirJson[] {
  const all: FhirJson[] = [];
  const rest: RecordedChunk[] = [];
  for (const chunk of chunks) {
    const { series, single } = seriesOf(patientId, chunk);
    all.push(...series.map(shownSeries));
    rest.push(...single.map((one) => only(chunk, one)));
  }
  return [...all, ...signsOf(patientId, rest).map(shownSign)];
}

/** A chunk with one of its readings; panels are put together again by their device and time. */
function only(
  chunk: RecordedChunk,
  { sequence, reading }: { sequence: number; reading: RecordedChunk['readings'][number] },
): RecordedChunk {
  return { ...chunk, firstSequence: sequence, readings: [reading] };
}

/** One vital sign by its id: a reading in a chunk, shown as Observation. */
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { decodeStored, nothingToSee, storedChunks } from '../record/port.ts';
import { type ObservationId, observationIdOf, parseObservationId } from './observation-id.ts';
import { shownSign } from './search-vitals.ts';
import { readSeries } from './series.ts';
import { type Sign, signsOf } from './signs.ts';

/** A patient wears a handful of devices, so an instant is in a handful of chunks. */
const MAX_CHUNKS_AN_INSTANT = 50;

/** Undefined for an id that is none of a vital sign's. @throws PulseError `not_found` */
export async function readVital(call: Call, text: string): Promise<FhirJson | undefined> {
  const series = await readSeries(call, text);
  if (series !== undefined) return series;
  const id = parseObservationId(text);
  if (id === undefined) return undefined;
  const sign = (await signsAround(call, id)).find((found) => observationIdOf(found) === text);
  if (sign === undefined) throw nothingToSee();
  return shownSign(sign);
}

/** Everything of that patient and instant, since the parts of a panel may be in two chunks. */
async function signsAround(call: Call, id: ObservationId): Promise<Sign[]> {
  const { patientId, chunk, lateRecordedAtMs } = await call.record.findChunk(id);
  const stored = { bytes: Buffer.from(chunk, 'base64'), lateRecordedAtMs };
  const page = await call.record.readChunks({
    patientId,
    fromMs: id.atMs,
    toMs: id.atMs + 1,
    pageSize: MAX_CHUNKS_AN_INSTANT,
  });
  const others = storedChunks(page).filter(({ bytes }) => !stored.bytes.equals(bytes));
  const all = [stored, ...others];
  return signsOf(patientId, all.map(decodeStored));
}

/**
 * Dense vitals as one Observation with SampledData in place of one each: what stands equally spaced in a chunk
 * (https://hl7.org/fhir/R4/datatypes.html#SampledData). Made from the chunk alone, so that it has an id and can be
 * read again.
 */
import { VITAL_SIGNS, type VitalSign } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { decodeStored, nothingToSee } from '../record/port.ts';
import { localTime } from './observation.ts';
import { formatObservationId, parseObservationId } from './observation-id.ts';
import { codingOf, observationKind } from './observation-kinds.ts';
import type { Measurement, RecordedChunk } from './signs.ts';

/** Fewer than this are shown one by one. */
export const MIN_SERIES = 5;
/** Stands in the place of the first hyphen of a reading's id. */
const MARK = 'S';
const UCUM = 'http://unitsofmeasure.org';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

/** Equally spaced values of one code and unit in one chunk. */
export interface Series {
  readonly patientId: string;
  readonly chunk: RecordedChunk;
  readonly periodMs: number;
  readonly members: readonly [Measurement, ...Measurement[]];
}

/** The series of a chunk, and the readings that are in none. */
export function seriesOf(
  patientId: string,
  chunk: RecordedChunk,
): { series: Series[]; single: Measurement[] } {
  const all = chunk.readings.map((reading, index) => ({
    sequence: chunk.firstSequence + index,
    reading,
  }));
  const groups = Map.groupBy(all, ({ reading }) => `${reading.code} ${reading.unit}`);
  const series: Series[] = [];
  const single: Measurement[] = [];
  for (const group of groups.values()) {
    for (const run of runsOf(group)) {
      const [first, second, ...rest] = run;
      if (first === undefined || second === undefined || run.length < MIN_SERIES) {
        single.push(...run);
      } else {
        const periodMs = second.reading.atMs - first.reading.atMs;
        series.push({ patientId, chunk, periodMs, members: [first, second, ...rest] });
      }
    }
  }
  return { series, single };
}

/** Cut wherever the distance changes. */
function runsOf(group: readonly Measurement[]): Measurement[][] {
  const runs: Measurement[][] = [];
  let run: Measurement[] = [];
  for (const member of group) {
    if (!continues(run, member)) {
      if (run.length > 0) runs.push(run);
      run = [];
    }
    run.push(member);
  }
  return [...runs, run];
}

function continues(run: readonly Measurement[], member: Measurement): boolean {
  if (!isSample(member)) return false;
  const [first, second] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) return true;
  if (!isSample(first)) return false;
  const distance = member.reading.atMs - last.reading.atMs;
  if (second === undefined) return distance > 0;
  return distance === second.reading.atMs - first.reading.atMs;
}

/** A value of one moment, and no part of a panel, which belong together. */
function isSample({ reading }: Measurement): boolean {
  if (!('value' in reading) || reading.durationMs !== undefined) return false;
  return !observationKind(reading.code).isPanel;
}

export function seriesId({ chunk, members: [first] }: Series): string {
  const { deviceId, boot } = chunk;
  const { sequence, reading } = first;
  return formatObservationId({ deviceId, boot, sequence, atMs: reading.atMs }).replace('-', MARK);
}

export function shownSeries(series: Series): FhirJson {
  const { chunk, patientId, members, periodMs } = series;
  const [first] = members;
  const { code, unit, atMs } = first.reading;
  const last = members.at(-1) ?? first;
  const at = (ms: number): string => localTime(ms, chunk.zoneOffsetMinutes);
  const values = members.flatMap(({ reading }) => ('value' in reading ? [reading.value] : []));
  const vital: VitalSign = VITAL_SIGNS[code];
  return {
    resourceType: 'Observation',
    id: seriesId(series),
    status: 'final',
    // Not of the category vital-signs, whose profiles know single values only.
    category: [{ coding: [{ system: CATEGORY, code: 'activity', display: 'Activity' }] }],
    code: { coding: [{ ...codingOf(code) }], text: `${vital.display}, series` },
    subject: { reference: `Patient/${patientId}` },
    effectivePeriod: { start: at(atMs), end: at(last.reading.atMs) },
    valueSampledData: {
      origin: { value: 0, unit, system: UCUM, code: unit },
      period: periodMs,
      dimensions: 1,
      data: values.join(' '),
    },
    device: { reference: `Device/${chunk.deviceId}` },
  };
}

/** Undefined for an id that is none of a series. @throws PulseError `not_found` */
export async function readSeries(call: Call, text: string): Promise<FhirJson | undefined> {
  if (text.charAt(32) !== MARK) return undefined;
  const id = parseObservationId(text.replace(MARK, '-'));
  if (id === undefined) return undefined;
  const { patientId, chunk, lateRecordedAtMs } = await call.record.findChunk(id);
  const stored = decodeStored({ bytes: Buffer.from(chunk, 'base64'), lateRecordedAtMs });
  const found = seriesOf(patientId, stored).series.find((series) => seriesId(series) === text);
  if (found === undefined) throw nothingToSee();
  return shownSeries(found);
}

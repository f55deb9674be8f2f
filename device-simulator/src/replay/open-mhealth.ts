import { open, readFile, stat } from 'node:fs/promises';
import { canonicalJson, MAX_DURATION_MS, PulseError, type VitalCode } from '@pulseledger/domain';
import { z } from 'zod';
import { boundedLines } from './lines.ts';
import {
  BodyFrame,
  MEASURES,
  MS_PER_UNIT,
  PointHeader,
  type Statistic,
  type TimeFrame,
  type TimeInterval,
  UnitValue,
} from './open-mhealth-schema.ts';
import { parseRfc3339 } from './time.ts';
import type { ImportContext, Importer, ImportSink, Moment, Source } from './types.ts';

/** A JSON document is held in memory; more than this goes line by line as NDJSON. */
const MAX_DOCUMENT_BYTES = 67_108_864;
const MAX_LINE_CHARACTERS = 1_048_576;
const DAY_MS = 86_400_000;
/** A civil day with a change of the clocks. */
const DAY_TOLERANCE_MS = 3_600_000;

type Problem = { readonly problem: string };
type Interval = Moment & { readonly durationMs?: number };
type JsonObject = Readonly<Record<string, unknown>>;

function firstIssue(path: string, error: z.ZodError): Problem {
  const [issue] = error.issues;
  const where = [path, ...(issue?.path.map(String) ?? [])].filter((part) => part !== '').join('.');
  return { problem: `${where}: ${issue?.message ?? 'not valid'}` };
}

function moment(text: string, name: string): Moment | Problem {
  const found = parseRfc3339(text);
  return 'problem' in found ? { problem: `${name}: ${found.problem}` } : found;
}

function boundedInterval(start: Moment, durationMs: number): Interval | Problem {
  if (durationMs < 0) return { problem: 'time_interval: it ends before it starts' };
  if (durationMs > MAX_DURATION_MS) return { problem: 'time_interval: longer than a day' };
  return durationMs === 0 ? start : { ...start, durationMs: Math.round(durationMs) };
}

/** Start and end are texts; an absent one is undefined. */
function optionalMoment(text: string | undefined, name: string): Moment | Problem | undefined {
  return text === undefined ? undefined : moment(text, name);
}

function lengthOf(
  interval: TimeInterval,
  start: Moment | undefined,
  end: Moment | undefined,
): number {
  const { duration } = interval;
  if (duration !== undefined) return duration.value * MS_PER_UNIT[duration.unit];
  return start === undefined || end === undefined ? 0 : end.atMs - start.atMs;
}

function intervalOf(interval: TimeInterval): Interval | Problem {
  const start = optionalMoment(interval.start_date_time, 'start_date_time');
  if (start !== undefined && 'problem' in start) return start;
  const end = optionalMoment(interval.end_date_time, 'end_date_time');
  if (end !== undefined && 'problem' in end) return end;
  const lengthMs = lengthOf(interval, start, end);
  if (start !== undefined) return boundedInterval(start, lengthMs);
  if (end === undefined) return { problem: 'time_interval: neither start nor end' };
  return boundedInterval({ ...end, atMs: end.atMs - Math.round(lengthMs) }, lengthMs);
}

function timeOf(frame: TimeFrame | undefined): Interval | Problem {
  if (frame?.date_time !== undefined) return moment(frame.date_time, 'date_time');
  if (frame?.time_interval !== undefined) return intervalOf(frame.time_interval);
  return { problem: 'effective_time_frame: missing, so the time of measurement is not known' };
}

const HEART_RATE: VitalCode = '8867-4';
const STEPS: VitalCode = '55423-8';
const DAY_STATISTICS: Readonly<Partial<Record<Statistic, VitalCode>>> = {
  minimum: '8883-1',
  maximum: '8873-2',
  average: '41924-2',
};

/** A statistic is another observation than a measurement: the code must say so. */
function codeOf(
  code: VitalCode,
  statistic: Statistic | undefined,
  durationMs: number | undefined,
): VitalCode | undefined {
  if (statistic === undefined) return code;
  if (durationMs === undefined) return undefined;
  const wholeDay = Math.abs(durationMs - DAY_MS) <= DAY_TOLERANCE_MS;
  const daily = code === HEART_RATE && wholeDay ? DAY_STATISTICS[statistic] : undefined;
  if (daily !== undefined) return daily;
  const counted = code === STEPS && statistic === 'sum';
  return statistic === 'average' || counted ? code : undefined;
}

const OF_BLOOD = ['whole blood', 'capillary blood', 'plasma', 'serum'];

interface Point {
  readonly body: JsonObject;
  readonly header?: PointHeader;
}

const Body: z.ZodType<JsonObject> = z.record(z.string(), z.unknown());

/** A data point is a body, alone or with its header. */
function pointOf(value: unknown): Point | Problem {
  const object = Body.safeParse(value);
  if (!object.success) return { problem: 'not a JSON object' };
  if (!('header' in object.data) && !('body' in object.data)) return { body: object.data };
  const header = PointHeader.safeParse(object.data['header']);
  if (!header.success) return firstIssue('header', header.error);
  const body = Body.safeParse(object.data['body']);
  if (!body.success) return { problem: 'body: missing' };
  return { body: body.data, header: header.data };
}

interface Value {
  readonly code: VitalCode;
  readonly unit: string;
  readonly what: number;
}

/** Version 1 and 2 of step-count have a bare number. */
function withUnit(field: string, value: unknown): unknown {
  return field === 'step_count' && typeof value === 'number' ? { value, unit: 'steps' } : value;
}

function valuesOf(body: JsonObject): Value[] | Problem {
  const measure = MEASURES.find((parts) => parts.some((part) => part.field in body));
  if (measure === undefined) return { problem: 'no measure that the record keeps' };
  const values: Value[] = [];
  for (const { field, units } of measure) {
    const parsed = UnitValue.safeParse(withUnit(field, body[field]));
    if (!parsed.success) return firstIssue(field, parsed.error);
    const target = units[parsed.data.unit];
    if (target === undefined) {
      const expected = Object.keys(units).map((unit) => JSON.stringify(unit));
      return { problem: `${field}.unit: expected ${expected.join(' or ')}` };
    }
    values.push({ code: target[0], unit: target[1], what: parsed.data.value });
  }
  return values;
}

/** Value and unit first, then time: the first thing wrong is the reason given. */
function readBody(body: JsonObject): { time: Interval; values: Value[] } | Problem {
  const values = valuesOf(body);
  if ('problem' in values) return values;
  const frame = BodyFrame.safeParse(body);
  if (!frame.success) return firstIssue('', frame.error);
  const { specimen_source: specimen, descriptive_statistic: statistic } = frame.data;
  if (specimen !== undefined && !OF_BLOOD.includes(specimen)) {
    return { problem: 'specimen_source: not blood' };
  }
  const time = timeOf(frame.data.effective_time_frame);
  if ('problem' in time) return time;
  if (time.durationMs === undefined && values.some(({ code }) => code === STEPS)) {
    return { problem: 'effective_time_frame: steps need a time_interval' };
  }
  const coded = values.map((value) => ({
    ...value,
    code: codeOf(value.code, statistic, time.durationMs),
  }));
  const known = coded.filter((value): value is Value => value.code !== undefined);
  return known.length === coded.length
    ? { time, values: known }
    : { problem: 'descriptive_statistic: no code here stands for this statistic' };
}

function sourceOf(header: PointHeader | undefined): Source {
  const name = header?.acquisition_provenance?.source_name;
  return {
    label: `open-mhealth/${name ?? ''}`,
    manufacturer: 'unknown',
    model: 'Open mHealth source',
  };
}

function contentOf(body: JsonObject): string | undefined {
  try {
    return canonicalJson(body);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function takePoint(value: unknown, place: string, sink: ImportSink): void {
  sink.row();
  const point = pointOf(value);
  if ('problem' in point) {
    sink.refuse(place, point.problem);
    return;
  }
  const { header, body } = point;
  if (header?.user_id !== undefined && !sink.person(header.user_id)) return;
  const read = readBody(body);
  if ('problem' in read) {
    sink.refuse(place, read.problem);
    return;
  }
  const source = sourceOf(header);
  const content = header?.id ?? contentOf(body);
  if (content === undefined) {
    sink.refuse(place, 'nested too deeply');
    return;
  }
  for (const reading of read.values) {
    sink.reading(place, {
      source,
      ...reading,
      ...read.time,
      identity: `${reading.code}|${content}`,
    });
  }
}

/** Does the file hold one JSON document per line? Its first line alone is then valid JSON. */
async function isLineByLine(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LINE_CHARACTERS));
    const text = buffer
      .subarray(0, bytesRead)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .trimStart();
    const end = text.indexOf('\n');
    if (end < 0) return false;
    JSON.parse(text.slice(0, end));
    return text.slice(end).trim() !== '';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  } finally {
    await file.close();
  }
}

async function takeLines(path: string, sink: ImportSink): Promise<void> {
  for await (const { number, text } of boundedLines(path, MAX_LINE_CHARACTERS)) {
    if (text?.trim() === '') continue;
    const place = `line ${number}`;
    let value: unknown;
    try {
      value = JSON.parse((text ?? '').replace(/^\uFEFF/, ''));
    } catch {
      sink.row();
      sink.refuse(place, text === undefined ? 'the line is too long' : 'not JSON');
      continue;
    }
    takePoint(value, place, sink);
  }
}

async function takeDocument(path: string, sink: ImportSink): Promise<void> {
  if ((await stat(path)).size > MAX_DOCUMENT_BYTES) {
    throw new PulseError(
      'oversize',
      'a JSON document this large must be given as one point a line',
    );
  }
  let value: unknown;
  try {
    value = JSON.parse((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''));
  } catch {
    throw new PulseError('malformed', 'not a JSON document');
  }
  const points: readonly unknown[] = Array.isArray(value) ? value : [value];
  points.forEach((point, index) => {
    takePoint(point, `point ${index + 1}`, sink);
  });
}

/**
 * Open mHealth data points: one, an array, or one a line; with header or bare bodies. Times keep the
 * zone offset that they state; a point without a time has no place in a record and is refused.
 *
 * @throws PulseError malformed when it is no JSON, oversize when it does not fit into memory.
 */
export const importOpenMhealth: Importer = async (
  path: string,
  _context: ImportContext,
  sink: ImportSink,
) => {
  if (await isLineByLine(path)) await takeLines(path, sink);
  else await takeDocument(path, sink);
};

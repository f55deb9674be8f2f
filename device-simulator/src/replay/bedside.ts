import { PulseError, type VitalCode } from '@pulseledger/domain';
import { csvRows } from './csv.ts';
import { parseDecimal } from './decimal.ts';
import { momentInZone, parseRfc3339 } from './time.ts';
import type { ImportContext, Importer, ImportSink, Moment, Source } from './types.ts';
import { wfdbStartBeside } from './wfdb-header.ts';

const MONITOR: Source = {
  label: 'bedside/monitor',
  manufacturer: 'unknown',
  model: 'bedside monitor',
};
/** A catheter and a cuff are two instruments: their pressures must not be shown as one panel. */
const ARTERIAL_LINE: Source = {
  label: 'bedside/arterial line',
  manufacturer: 'unknown',
  model: 'bedside monitor, arterial line',
};

interface Signal {
  readonly name: RegExp;
  readonly code: VitalCode;
  /** Unit in the header, lower case → UCUM. */
  readonly units: Readonly<Record<string, string>>;
  readonly source: Source;
}

const PER_MINUTE = {
  bpm: '/min',
  pm: '/min',
  rpm: '/min',
  '/min': '/min',
  '1/min': '/min',
} as const;
const PRESSURE = { mmhg: 'mm[Hg]' } as const;
const TEMPERATURE = { degc: 'Cel', c: 'Cel', cel: 'Cel', degf: '[degF]', f: '[degF]' } as const;

/** Columns of bedside numerics that we know, by the names that MIMIC and its like give them. */
const SIGNALS: readonly Signal[] = [
  { name: /^hr$/i, code: '8867-4', units: PER_MINUTE, source: MONITOR },
  { name: /^(pulse|pr)$/i, code: '8889-8', units: PER_MINUTE, source: MONITOR },
  { name: /^(resp|rr)$/i, code: '9279-1', units: PER_MINUTE, source: MONITOR },
  { name: /^spo2$/i, code: '59408-5', units: { '%': '%' }, source: MONITOR },
  { name: /^(temp|temperature)$/i, code: '8310-5', units: TEMPERATURE, source: MONITOR },
  { name: /^nbp ?sys$/i, code: '8480-6', units: PRESSURE, source: MONITOR },
  { name: /^nbp ?dia(s|st)?$/i, code: '8462-4', units: PRESSURE, source: MONITOR },
  { name: /^nbp ?mean$/i, code: '8478-0', units: PRESSURE, source: MONITOR },
  { name: /^(abp|art) ?sys$/i, code: '8480-6', units: PRESSURE, source: ARTERIAL_LINE },
  { name: /^(abp|art) ?dia(s|st)?$/i, code: '8462-4', units: PRESSURE, source: ARTERIAL_LINE },
  { name: /^(abp|art) ?mean$/i, code: '8478-0', units: PRESSURE, source: ARTERIAL_LINE },
];

const TIME_COLUMN = /^seconds_from_start(\[s(ec)?\])?$/i;
const COLUMN = /^(?<name>[^[\]]+?)\s*\[(?<unit>[^[\]]+)\]$/;

/** Is this the header of bedside numerics: seconds from the start, then signals with units? */
export function isBedsideHeader(cells: readonly string[]): boolean {
  return TIME_COLUMN.test(cells[0] ?? '');
}

interface Column {
  readonly index: number;
  readonly name: string;
  readonly signal: Signal;
  readonly unit: string;
}

function readHeader(cells: readonly string[], sink: ImportSink): Column[] {
  if (!isBedsideHeader(cells)) {
    throw new PulseError('malformed', 'the first column is not seconds_from_start');
  }
  return cells.slice(1).flatMap((cell, position) => {
    const index = position + 1;
    const { name = cell, unit: given = '' } = COLUMN.exec(cell)?.groups ?? {};
    const signal = SIGNALS.find((candidate) => candidate.name.test(name));
    if (signal === undefined) {
      sink.note(`column ${index + 1} is no vital sign we keep and is left out`);
      return [];
    }
    const unit = signal.units[given.toLowerCase()];
    if (unit === undefined) {
      sink.refuse(`line 1, column ${name}`, 'the unit in the header is not one of this signal');
      return [];
    }
    return [{ index, name, signal, unit }];
  });
}

function takeCell(
  column: Column,
  text: string,
  moment: Moment,
  row: { readonly place: string; readonly identity: string },
  sink: ImportSink,
): void {
  // Empty is "not measured": there is no reading to refuse.
  if (text === '') return;
  const value = parseDecimal(text);
  const { signal, unit, name } = column;
  const place = `${row.place}, ${name}`;
  if (value === undefined || value < 0) {
    sink.refuse(place, 'not a number from 0 up');
    return;
  }
  sink.reading(place, {
    source: signal.source,
    code: signal.code,
    unit,
    ...moment,
    // A monitor writes 0 while a sensor is off; nobody alive has any of these signs at 0.
    what: value === 0 ? 'not-performed' : value,
    identity: `${row.identity}\u0000${name}`,
  });
}

const NEEDS_START =
  'say when it began with --start, e.g. --start 2026-03-01T10:44:18 --zone Europe/Paris';

/** When the recording began: by the person's word, or by the header beside it. */
async function startOf(path: string, { start, zone }: ImportContext): Promise<Moment> {
  if (start !== undefined) return start;
  const header = await wfdbStartBeside(path);
  if (header?.date === undefined) {
    throw new PulseError('invalid_input', `the recording does not state its date: ${NEEDS_START}`);
  }
  const parsed = parseRfc3339(`${header.date}T${header.time}`, zone ?? 'UTC');
  if ('problem' in parsed) {
    throw new PulseError(
      'invalid_input',
      `the header's start is ${parsed.problem}: ${NEEDS_START}`,
    );
  }
  if (parsed.atMs > Date.now()) {
    throw new PulseError(
      'invalid_input',
      `the header's date (${header.date}) lies in the future, as dates of de-identified recordings do: ${NEEDS_START}`,
    );
  }
  if (zone === undefined) {
    throw new PulseError('invalid_input', 'the header states no zone offset: name it with --zone');
  }
  return parsed;
}

/**
 * Bedside-monitor numerics as CSV: `seconds_from_start`, then signals with their units in brackets.
 * 0 means that the sensor is off (a reading without a value), empty means not measured (no reading).
 * Outliers stay as they are; the codec flags what no living person can have.
 *
 * @throws PulseError invalid_input when the start is unknown, malformed when it is no such CSV.
 */
export const importBedside: Importer = async (path, context, sink) => {
  const start = await startOf(path, context);
  let columns: readonly Column[] | undefined;
  for await (const { line, cells } of csvRows(path)) {
    if (columns === undefined) {
      columns = readHeader(cells, sink);
      continue;
    }
    sink.row();
    const place = `line ${line}`;
    const seconds = parseDecimal(cells[0] ?? '');
    if (seconds === undefined || seconds < 0) {
      sink.refuse(place, 'seconds_from_start is not a number from 0 up');
      continue;
    }
    const atMs = start.atMs + Math.round(seconds * 1_000);
    const moment =
      context.zone === undefined
        ? { atMs, zoneOffsetMinutes: start.zoneOffsetMinutes }
        : momentInZone(atMs, context.zone);
    const row = { place, identity: `${start.atMs}\u0000${cells.join('\u0000')}` };
    for (const column of columns) takeCell(column, cells[column.index] ?? '', moment, row, sink);
  }
};

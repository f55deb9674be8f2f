import { readFile, stat } from 'node:fs/promises';
import { PulseError, type VitalCode } from '@pulseledger/domain';
import { getFitGarminProductName, getFitManufacturerName } from 'fit-file-parser';
import { type FitPart, fitParts } from './fit-frames.ts';
import { heartRateEvents } from './fit-heart-rate.ts';
import { FIT, FitMessage, fitMessages } from './fit-messages.ts';
import { momentInZone } from './time.ts';
import type { ImportContext, Importer, ImportSink, Moment, Source } from './types.ts';

/** Largest FIT file: a day at one record a second is about 4 MB. */
const MAX_FILE_BYTES = 33_554_432;
/** 1989-12-31T00:00:00Z. */
const FIT_EPOCH_MS = 631_065_600_000;
/** Smaller timestamps count seconds since the device was switched on (FIT profile, date_time). */
const FIRST_DATE = 0x1000_0000;
const QUARTER_HOUR_S = 900;
const MAX_OFFSET_S = 14 * 3_600;
const GARMIN = 1;

const NO_DATE =
  'the time counts from switching the device on, which states no date: say when the recording began with --start';

function modelOf(manufacturer: number | undefined, product: number | undefined): string {
  if (product === undefined) return 'unknown';
  const name = manufacturer === GARMIN ? getFitGarminProductName(product) : undefined;
  return name ?? `product ${product}`;
}

function sourceOf(messages: readonly FitMessage[]): Source {
  const fileId = messages.find((message) => message.number === FIT.fileId);
  const manufacturer = fileId?.unsigned(1, 2);
  const product = fileId?.unsigned(2, 2);
  const name = manufacturer === undefined ? undefined : getFitManufacturerName(manufacturer);
  return {
    label: ['fit', manufacturer, product, fileId?.unsigned(3, 4)].join('/'),
    manufacturer: name ?? 'unknown',
    model: modelOf(manufacturer, product),
  };
}

/**
 * Offset of civil time that an activity states as local_timestamp − timestamp. No difference at all
 * is what devices write that do not know their zone, so it states nothing.
 */
function statedOffsetMinutes(messages: readonly FitMessage[]): number | undefined {
  for (const message of messages) {
    if (message.number !== FIT.activity) continue;
    const utc = message.timestamp;
    const local = message.unsigned(5, 4);
    if (utc === undefined || local === undefined || utc < FIRST_DATE) continue;
    const quarters = Math.round((local - utc) / QUARTER_HOUR_S);
    const seconds = quarters * QUARTER_HOUR_S;
    if (seconds !== 0 && Math.abs(seconds) <= MAX_OFFSET_S) return seconds / 60;
  }
  return undefined;
}

/** Turns FIT timestamps into moments: stated offset, else the zone that was named. */
class FitTime {
  readonly #offsetMinutes: number | undefined;
  readonly #context: ImportContext;
  #firstRelative: number | undefined;

  constructor(offsetMinutes: number | undefined, context: ImportContext) {
    this.#offsetMinutes = offsetMinutes;
    this.#context = context;
  }

  /** @param timestamp Seconds of the FIT epoch, fractions allowed; or of the device's uptime. */
  moment(timestamp: number): Moment | { readonly problem: string } {
    const { zone, start } = this.#context;
    let atMs = Math.round(FIT_EPOCH_MS + timestamp * 1_000);
    if (timestamp < FIRST_DATE) {
      if (start === undefined) return { problem: NO_DATE };
      this.#firstRelative ??= timestamp;
      atMs = start.atMs + Math.round((timestamp - this.#firstRelative) * 1_000);
    }
    if (this.#offsetMinutes !== undefined) {
      return { atMs, zoneOffsetMinutes: this.#offsetMinutes };
    }
    if (zone !== undefined) return momentInZone(atMs, zone);
    return { atMs, zoneOffsetMinutes: start?.zoneOffsetMinutes ?? 0 };
  }
}

/** What one message measured: code, unit, value. */
type Measured = readonly [VitalCode, string, number];

function recordMeasures(message: FitMessage): Measured[] {
  const rate = message.unsigned(3, 1);
  const fineBreath = message.unsigned(108, 2);
  const breath = fineBreath === undefined ? message.unsigned(99, 1) : fineBreath / 100;
  return [
    ...(rate === undefined ? [] : [['8867-4', '/min', rate] as const]),
    ...(breath === undefined ? [] : [['9279-1', '/min', breath] as const]),
  ];
}

function bloodPressureMeasures(message: FitMessage): Measured[] {
  const fields = [
    [0, '8480-6'],
    [1, '8462-4'],
    [2, '8478-0'],
  ] as const;
  const pressures = fields.flatMap(([field, code]): Measured[] => {
    const value = message.unsigned(field, 2);
    return value === undefined ? [] : [[code, 'mm[Hg]', value]];
  });
  const rate = message.unsigned(6, 1);
  return rate === undefined ? pressures : [...pressures, ['8867-4', '/min', rate]];
}

function single(code: VitalCode, unit: string, value: number | undefined): Measured[] {
  return value === undefined ? [] : [[code, unit, value]];
}

function measures(message: FitMessage): Measured[] | undefined {
  switch (message.number) {
    case FIT.record:
      return recordMeasures(message);
    case FIT.bloodPressure:
      return bloodPressureMeasures(message);
    case FIT.monitoring:
      return single('8867-4', '/min', message.unsigned(27, 1));
    case FIT.oxygenSaturation:
      return single('59408-5', '%', message.unsigned(0, 1));
    case FIT.respiration: {
      const hundredths = message.signed16(0);
      return single('9279-1', '/min', hundredths === undefined ? undefined : hundredths / 100);
    }
    default:
      return undefined;
  }
}

const KIND: Readonly<Record<number, string>> = {
  [FIT.record]: 'record',
  [FIT.bloodPressure]: 'blood_pressure',
  [FIT.monitoring]: 'monitoring',
  [FIT.heartRate]: 'hr',
  [FIT.oxygenSaturation]: 'spo2_data',
  [FIT.respiration]: 'respiration_rate',
};

function placeOf(message: FitMessage): string {
  return `${KIND[message.number] ?? 'message'} ${message.ordinal}`;
}

/** Monitoring messages carry the low 16 bits of the time after the first. */
class MonitoringTime {
  #last: number | undefined;

  of(message: FitMessage): number | undefined {
    if (message.number !== FIT.monitoring) return message.timestamp;
    const low = message.unsigned(26, 2);
    if (message.timestamp !== undefined) this.#last = message.timestamp;
    else if (low !== undefined && this.#last !== undefined) {
      this.#last += (low - (this.#last & 0xffff)) & 0xffff;
    }
    return this.#last;
  }
}

function takeMessages(
  messages: readonly FitMessage[],
  source: Source,
  time: FitTime,
  sink: ImportSink,
): void {
  const monitoring = new MonitoringTime();
  for (const message of messages) {
    const found = measures(message);
    if (found === undefined) continue;
    sink.row();
    const timestamp = monitoring.of(message);
    if (found.length === 0) continue;
    const place = placeOf(message);
    const moment = timestamp === undefined ? { problem: 'no timestamp' } : time.moment(timestamp);
    if ('problem' in moment) {
      sink.refuse(place, moment.problem);
      continue;
    }
    for (const [code, unit, value] of found) {
      // 0 (and below, in respiration) is what a strap or watch writes while it has no contact.
      const what = value <= 0 ? ('not-performed' as const) : value;
      const identity = `${code}|${message.content}`;
      sink.reading(place, { source, code, unit, ...moment, what, identity });
    }
  }
}

/** Beats that a strap kept and handed over afterwards, e.g. from a swim. */
function takeEvents(
  messages: readonly FitMessage[],
  source: Source,
  time: FitTime,
  sink: ImportSink,
): void {
  for (const event of heartRateEvents(messages)) {
    if (event.first) sink.row();
    if ('problem' in event) {
      sink.refuse(placeOf(event.message), event.problem);
      continue;
    }
    const moment = time.moment(event.timestamp);
    if ('problem' in moment) {
      sink.refuse(placeOf(event.message), moment.problem);
      continue;
    }
    const what = event.rate === 0 ? ('not-performed' as const) : event.rate;
    const identity = `hr|${event.timestamp}|${event.rate}`;
    sink.reading(placeOf(event.message), {
      source,
      code: '8867-4',
      unit: '/min',
      ...moment,
      what,
      identity,
    });
  }
}

interface ReadPart {
  readonly place: string;
  readonly part: FitPart;
  readonly messages: readonly FitMessage[];
}

/** The messages of a part, when its data can be trusted and read. */
async function readPart(part: FitPart, place: string, sink: ImportSink): Promise<ReadPart[]> {
  if (part.checksum === 'wrong') {
    sink.refuse(place, 'the checksum does not fit the data, so no value in it can be trusted');
    return [];
  }
  try {
    return [{ place, part, messages: await fitMessages(part.bytes) }];
  } catch {
    sink.refuse(place, 'the structure is not that of a FIT file');
    return [];
  }
}

function requireZone(messages: readonly FitMessage[], { zone, start }: ImportContext): void {
  const measuring = messages.some((message) => KIND[message.number] !== undefined);
  if (!measuring || zone !== undefined || start !== undefined) return;
  throw new PulseError(
    'invalid_input',
    'the file does not state the zone offset: say where the wearer was with --zone, e.g. --zone Europe/Paris',
  );
}

/** The parts of a file belong to one activity: what one of them states holds for all. */
function takeParts(parts: readonly ReadPart[], context: ImportContext, sink: ImportSink): void {
  const all = parts.flatMap(({ messages }) => messages);
  const source = sourceOf(all);
  const stated = statedOffsetMinutes(all);
  if (stated === undefined) requireZone(all, context);
  for (const { place, part, messages } of parts) {
    const time = new FitTime(statedOffsetMinutes(messages) ?? stated, context);
    takeMessages(messages, source, time, sink);
    takeEvents(messages, source, time, sink);
    if (part.checksum === undefined) sink.note(`${place} has no checksum to check its data by`);
    if (part.problem !== undefined) {
      sink.refuse(place, `${part.problem}; what comes before it is read, the rest is not`);
    }
  }
}

/**
 * FIT activities and monitoring files: heart rate of records, monitoring and strap memory, breathing,
 * oxygen saturation, blood pressure. Times are UTC by definition; the zone offset is the one that the
 * activity states, else the named zone's.
 *
 * @throws PulseError malformed when it is no FIT file, oversize, invalid_input without any zone.
 */
export const importFit: Importer = async (path, context, sink) => {
  if ((await stat(path)).size > MAX_FILE_BYTES) {
    throw new PulseError('oversize', `a FIT file of more than ${MAX_FILE_BYTES / 1_048_576} MB`);
  }
  const { parts, rest } = fitParts(await readFile(path));
  if (parts.length === 0) throw new PulseError('malformed', 'not a FIT file');
  const read: ReadPart[] = [];
  for (const [index, part] of parts.entries()) {
    read.push(...(await readPart(part, `part ${index + 1}`, sink)));
  }
  takeParts(read, context, sink);
  if (rest > 0) sink.refuse(`part ${parts.length + 1}`, `${rest} bytes that are no FIT file`);
};

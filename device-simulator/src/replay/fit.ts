import { readFile, stat } from 'node:fs/promises';
import { PulseError, type VitalCode } from '@pulseledger/domain';
import { getFitGarminProductName, getFitManufacturerName } from 'fit-file-parser';
import { type FitPart, fitParts } from './fit-frames.ts';
import { HeartRateReader } from './fit-heart-rate.ts';
import { FIT, type FitMessage, fitMessages } from './fit-messages.ts';
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

function measures(message: FitMessage): Measured[] {
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
      return [];
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

/** Messages that hold readings. */
const MEASURING: readonly number[] = Object.keys(KIND).map(Number);

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

/** Takes the messages of one part. */
class PartReader {
  readonly #source: Source;
  readonly #time: FitTime;
  readonly #sink: ImportSink;
  /** Put before the places, when the file has several parts. */
  readonly #prefix: string;
  readonly #monitoring = new MonitoringTime();
  readonly #heartRate = new HeartRateReader();

  constructor(source: Source, time: FitTime, sink: ImportSink, prefix: string) {
    this.#source = source;
    this.#time = time;
    this.#sink = sink;
    this.#prefix = prefix;
  }

  #place(message: FitMessage): string {
    return `${this.#prefix}${KIND[message.number] ?? 'message'} ${message.ordinal}`;
  }

  take(message: FitMessage): void {
    this.#sink.row();
    if (message.number === FIT.heartRate) this.#takeStrapMemory(message);
    else this.#takeMeasures(message);
  }

  #takeMeasures(message: FitMessage): void {
    const timestamp = this.#monitoring.of(message);
    const found = measures(message);
    if (found.length === 0) return;
    const { content } = message;
    for (const measured of found) {
      this.#reading(message, timestamp, measured, `${measured[0]}|${content}`);
    }
  }

  /** Beats that a strap kept and handed over afterwards, e.g. from a swim. */
  #takeStrapMemory(message: FitMessage): void {
    const events = this.#heartRate.events(message);
    if (events === undefined) {
      this.#sink.refuse(this.#place(message), 'event times do not belong to the values');
      return;
    }
    for (const { timestamp, rate } of events) {
      this.#reading(message, timestamp, ['8867-4', '/min', rate], `hr|${timestamp}|${rate}`);
    }
  }

  #reading(
    message: FitMessage,
    timestamp: number | undefined,
    [code, unit, value]: Measured,
    identity: string,
  ): void {
    const place = this.#place(message);
    const moment =
      timestamp === undefined ? { problem: 'no timestamp' } : this.#time.moment(timestamp);
    if ('problem' in moment) {
      this.#sink.refuse(place, moment.problem);
      return;
    }
    // 0 (and below, in respiration) is what a strap or watch writes while it has no contact.
    const what = value <= 0 ? 'not-performed' : value;
    this.#sink.reading(place, { source: this.#source, code, unit, ...moment, what, identity });
  }
}

interface TrustedPart {
  readonly place: string;
  readonly part: FitPart;
  readonly description: readonly FitMessage[];
  readonly offsetMinutes: number | undefined;
}

/** What a part says of itself, when its data can be trusted and read. */
async function trust(part: FitPart, place: string, sink: ImportSink): Promise<TrustedPart[]> {
  if (part.checksum === 'wrong') {
    sink.refuse(place, 'the checksum does not fit the data, so no value in it can be trusted');
    return [];
  }
  try {
    const description: FitMessage[] = [];
    for await (const message of fitMessages(part, [FIT.fileId, FIT.activity])) {
      description.push(message);
    }
    return [{ place, part, description, offsetMinutes: statedOffsetMinutes(description) }];
  } catch {
    sink.refuse(place, 'the structure is not that of a FIT file');
    return [];
  }
}

const NEEDS_ZONE =
  'the file does not state the zone offset: say where the wearer was with --zone, e.g. --zone Europe/Paris';

async function takePart(trusted: TrustedPart, reader: PartReader, sink: ImportSink): Promise<void> {
  const { part, place } = trusted;
  for await (const message of fitMessages(part, MEASURING)) reader.take(message);
  if (part.checksum === undefined) sink.note(`${place} has no checksum to check its data by`);
  if (part.problem !== undefined) {
    sink.refuse(place, `${part.problem}; what comes before it is read, the rest is not`);
  }
}

/** The parts of a file belong to one activity: what one of them states holds for all. */
async function takeParts(
  parts: readonly TrustedPart[],
  context: ImportContext,
  sink: ImportSink,
): Promise<void> {
  const source = sourceOf(parts.flatMap(({ description }) => description));
  const stated = parts.find((part) => part.offsetMinutes !== undefined)?.offsetMinutes;
  if (stated === undefined && context.zone === undefined && context.start === undefined) {
    throw new PulseError('invalid_input', NEEDS_ZONE);
  }
  for (const trusted of parts) {
    const time = new FitTime(trusted.offsetMinutes ?? stated, context);
    const prefix = parts.length > 1 ? `${trusted.place}, ` : '';
    await takePart(trusted, new PartReader(source, time, sink, prefix), sink);
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
  const trusted: TrustedPart[] = [];
  for (const [index, part] of parts.entries()) {
    trusted.push(...(await trust(part, `part ${index + 1}`, sink)));
  }
  await takeParts(trusted, context, sink);
  if (rest > 0) sink.refuse(`part ${parts.length + 1}`, `${rest} bytes that are no FIT file`);
};

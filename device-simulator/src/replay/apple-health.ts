import { createReadStream } from 'node:fs';
import { MAX_DURATION_MS, PulseError } from '@pulseledger/domain';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { normalUnit, QUANTITIES, SLEEP_STAGES } from './apple-types.ts';
import { parseAppleTime } from './time.ts';
import type { ImportedReading, Importer, ImportSink, Moment, Source } from './types.ts';

/** More text than this without a tag is no export of Apple's. */
const MAX_TOKEN_CHARACTERS = 4_194_304;
const QUANTITY_PREFIX = 'HKQuantityTypeIdentifier';
const SLEEP_TYPE = 'HKCategoryTypeIdentifierSleepAnalysis';
const SLEEP_PREFIX = 'HKCategoryValueSleepAnalysis';
const MAX_NAME = 64;

type Attributes = Readonly<Record<string, string>>;

function sourceOf(attributes: Attributes): Source {
  const device = attributes['device'] ?? '';
  const part = (name: string): string | undefined =>
    new RegExp(`, ${name}:([^,>]{1,${MAX_NAME}})`).exec(device)?.[1]?.trim();
  return {
    label: `apple-health/${attributes['sourceName'] ?? ''}`,
    manufacturer: part('manufacturer') ?? 'unknown',
    model: part('model') ?? 'Apple Health source',
  };
}

interface Interval extends Moment {
  readonly durationMs?: number;
}

function intervalOf(attributes: Attributes): Interval | { readonly problem: string } {
  const start = parseAppleTime(attributes['startDate'] ?? '');
  if ('problem' in start) return { problem: `startDate: ${start.problem}` };
  const end = parseAppleTime(attributes['endDate'] ?? '');
  if ('problem' in end) return { problem: `endDate: ${end.problem}` };
  const durationMs = end.atMs - start.atMs;
  if (durationMs < 0) return { problem: 'endDate is before startDate' };
  if (durationMs > MAX_DURATION_MS) return { problem: 'lasts longer than a day' };
  return durationMs === 0 ? start : { ...start, durationMs };
}

type Measured = Pick<ImportedReading, 'code' | 'unit' | 'what'>;

function quantityOf(
  type: string,
  attributes: Attributes,
): Measured | { problem: string } | undefined {
  const rule = QUANTITIES[type.slice(QUANTITY_PREFIX.length)];
  if (!type.startsWith(QUANTITY_PREFIX) || rule === undefined) return undefined;
  const target = rule.units[normalUnit(attributes['unit'] ?? '')];
  if (target === undefined) return { problem: 'a unit that this type does not have here' };
  const what = rule.parse(attributes['value'] ?? '');
  if (what === undefined) return { problem: `value is not ${rule.expected}` };
  return { ...target, what };
}

function sleepOf(attributes: Attributes, interval: Interval): Measured | { problem: string } {
  const value = attributes['value'] ?? '';
  const code = SLEEP_STAGES[value.slice(SLEEP_PREFIX.length)];
  if (!value.startsWith(SLEEP_PREFIX) || code === undefined) {
    return { problem: 'a stage of sleep that is not known' };
  }
  return { code, unit: 's', what: (interval.durationMs ?? 0) / 1_000 };
}

const IDENTITY = ['type', 'sourceName', 'creationDate', 'startDate', 'endDate', 'unit', 'value'];

function takeRecord(attributes: Attributes, copy: boolean, place: string, sink: ImportSink): void {
  const type = attributes['type'] ?? '';
  const known = type === SLEEP_TYPE || QUANTITIES[type.slice(QUANTITY_PREFIX.length)] !== undefined;
  if (!known) {
    sink.ignore(/^HK[A-Za-z0-9]{1,80}$/.test(type) ? type : 'record of another type');
    return;
  }
  const interval = intervalOf(attributes);
  if ('problem' in interval) {
    sink.refuse(place, interval.problem);
    return;
  }
  const measured =
    type === SLEEP_TYPE ? sleepOf(attributes, interval) : quantityOf(type, attributes);
  if (measured === undefined) return;
  if ('problem' in measured) {
    sink.refuse(place, measured.problem);
    return;
  }
  sink.reading(place, {
    source: sourceOf(attributes),
    ...measured,
    ...interval,
    identity: IDENTITY.map((name) => attributes[name] ?? '').join('\u0000'),
    copy,
  });
}

/** Takes the tags of an export as they come. */
class HealthDataReader {
  readonly #sink: ImportSink;
  readonly #parser = new SaxesParser();
  readonly #path: string[] = [];
  #idleCharacters = 0;
  /** Records read so far. */
  records = 0;
  problem: string | undefined;
  /** Where the problem was seen. */
  #problemLine = 0;

  constructor(sink: ImportSink) {
    this.#sink = sink;
    this.#parser.on('opentag', (tag) => {
      this.#open(tag);
    });
    this.#parser.on('closetag', () => {
      this.#path.pop();
    });
    // An entity of the file's own is never expanded: saxes knows only XML's five and says so here.
    this.#parser.on('error', () => {
      this.#fail('the XML is not well-formed');
    });
  }

  #fail(problem: string): void {
    if (this.problem !== undefined) return;
    this.problem = problem;
    this.#problemLine = this.#parser.line;
  }

  /** Line of the problem, or of the tag that is being read. */
  get place(): string {
    return `line ${this.problem === undefined ? this.#parser.line : this.#problemLine}`;
  }

  #open(tag: SaxesTagPlain): void {
    this.#idleCharacters = 0;
    const parent = this.#path.at(-1);
    this.#path.push(tag.name);
    if (this.#path.length === 1 && tag.name !== 'HealthData') {
      this.#fail('the outermost element is not HealthData');
    }
    if (this.problem !== undefined || parent === undefined) return;
    if (tag.name === 'Record') {
      const copy = parent === 'Correlation';
      if (!copy) {
        this.#sink.row();
        this.records += 1;
      }
      takeRecord(tag.attributes, copy, this.place, this.#sink);
    } else if (tag.name === 'Workout' || tag.name === 'ActivitySummary') {
      this.#sink.row();
      this.#sink.ignore(tag.name);
    }
  }

  write(text: string): void {
    this.#idleCharacters += text.length;
    if (this.#idleCharacters > MAX_TOKEN_CHARACTERS) this.#fail('a text without end');
    if (this.problem === undefined) this.#parser.write(text);
  }

  end(): void {
    if (this.problem === undefined) this.#parser.close();
  }
}

/**
 * Apple Health `export.xml`, read as a stream: the DTD is passed over, no entity is expanded, each
 * record keeps the zone offset that it states. What comes before a fault in the XML is kept, and the
 * fault is named.
 *
 * @throws PulseError malformed when it is no such export.
 */
export const importAppleHealth: Importer = async (path, _context, sink) => {
  const reader = new HealthDataReader(sink);
  for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: 262_144 })) {
    reader.write(String(text));
    if (reader.problem !== undefined) break;
  }
  reader.end();
  if (reader.problem === undefined) return;
  if (reader.records === 0) throw new PulseError('malformed', reader.problem);
  sink.refuse(reader.place, `${reader.problem}; what follows is not read`);
};

import FitParser, { type ParsedRawFitMessage } from 'fit-file-parser';
import type { FitPart } from './fit-frames.ts';

/** Messages of the FIT profile that concern us, by global message number. */
export const FIT = {
  fileId: 0,
  record: 20,
  activity: 34,
  bloodPressure: 51,
  monitoring: 55,
  heartRate: 132,
  oxygenSaturation: 269,
  respiration: 297,
} as const;

const TIMESTAMP_FIELD = 253;
const UNSIGNED = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

/** A message with its fields as raw bytes, read by number. */
export class FitMessage {
  readonly #raw: ParsedRawFitMessage;
  /** Which one among the messages of its number, from 1. */
  readonly ordinal: number;

  constructor(raw: ParsedRawFitMessage, ordinal: number) {
    this.#raw = raw;
    this.ordinal = ordinal;
  }

  get number(): number {
    return this.#raw.global_message_number;
  }

  /** The field's bytes; undefined when the message has no such field. */
  bytes(field: number): readonly number[] | undefined {
    return this.#raw.fields.find((f) => f.field_definition_number === field)?.raw_value;
  }

  /** An unsigned field of exactly this size; undefined when absent, of another size, or invalid. */
  unsigned(field: number, size: 1 | 2 | 4): number | undefined {
    const bytes = this.bytes(field);
    return bytes?.length === size ? this.#number(bytes, UNSIGNED[size]) : undefined;
  }

  /** A signed 16-bit field; undefined when absent or invalid. */
  signed16(field: number): number | undefined {
    const value = this.unsigned(field, 2);
    if (value === undefined || value === 0x7fff) return undefined;
    return value > 0x7fff ? value - 0x1_0000 : value;
  }

  /** An array of 32-bit fields. */
  words(field: number): number[] {
    const bytes = this.bytes(field) ?? [];
    return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) =>
      this.#number(bytes.slice(4 * i, 4 * i + 4), undefined),
    ).filter((word) => word !== undefined);
  }

  #number(bytes: readonly number[], invalid: number | undefined): number | undefined {
    const ordered = this.#raw.little_endian ? bytes.toReversed() : bytes;
    const value = ordered.reduce((sum, byte) => sum * 256 + byte, 0);
    return value === invalid ? undefined : value;
  }

  /** Seconds since 1989-12-31T00:00:00Z, of the message itself or of its compressed header. */
  get timestamp(): number | undefined {
    return this.#raw.compressed_timestamp ?? this.unsigned(TIMESTAMP_FIELD, 4);
  }

  /** All of its content, for telling a record written twice. */
  get content(): string {
    const fields = this.#raw.fields.map(
      (f) => `${f.field_definition_number}:${f.raw_value.join()}`,
    );
    return `${this.number}|${this.timestamp ?? ''}|${fields.join(';')}`;
  }
}

/**
 * The messages with these numbers, in the order of the file.
 *
 * @throws whatever the parser throws at a structure it does not accept.
 */
export async function* fitMessages(
  part: FitPart,
  numbers: readonly number[],
): AsyncGenerator<FitMessage> {
  const counts = new Map<number, number>();
  for (const block of part.blocks) {
    const parser = new FitParser({ rawMessagesOnly: true, includeRawMessages: numbers });
    const parsed = await parser.parseAsync(block.bytes().buffer);
    for (const raw of parsed.raw_messages ?? []) {
      const ordinal = (counts.get(raw.global_message_number) ?? 0) + 1;
      counts.set(raw.global_message_number, ordinal);
      yield new FitMessage(raw, ordinal);
    }
  }
}

import { createReadStream } from 'node:fs';
import { PulseError } from '@pulseledger/domain';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';

/** Longest line of a recording's CSV. */
const MAX_LINE_BYTES = 16_384;

/** One line with anything in it. */
export interface CsvRow {
  /** Line number in the file, the header being 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const Record = z.object({
  record: z.array(z.string()),
  info: z.object({ lines: z.int() }),
});

/**
 * The rows of a CSV file one by one, the header too; cells trimmed, blank lines left out, any number
 * of columns.
 *
 * @throws PulseError malformed where the text stops being CSV, unavailable when it cannot be read.
 */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: MAX_LINE_BYTES,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  const file = createReadStream(path);
  file.on('error', (error) => {
    parser.destroy(error);
  });
  file.pipe(parser);
  try {
    for await (const row of parser) {
      const { record, info } = Record.parse(row);
      if (record.some((cell) => cell !== '')) yield { line: info.lines, cells: record };
    }
  } catch (error) {
    throw readable(error);
  } finally {
    file.destroy();
  }
}

function readable(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  // The parser's own text quotes the line, which may be personal.
  return new PulseError('malformed', `not well-formed CSV (${error.code})`);
}

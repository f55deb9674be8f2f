import { readFile } from 'node:fs/promises';

/** What the record line of a WFDB header says of the start. */
export interface WfdbStart {
  /** `HH:MM:SS` with up to three decimals. */
  readonly time: string;
  /** `YYYY-MM-DD`; none when the header has no date. */
  readonly date?: string;
}

/** Largest header we read. */
const MAX_HEADER_BYTES = 1_048_576;
/** record[/segments] signals [frequency[/counter] [samples [time [DD/MM/YYYY]]]] */
const RECORD_LINE =
  /^\S+\s+\d+(?:\s+\S+\s+\d+(?:\s+(?<time>\d{1,2}:\d{2}:\d{2}(?:\.\d{1,6})?)(?:\s+(?<day>\d{2})\/(?<month>\d{2})\/(?<year>\d{4}))?)?)?\s*$/;

/**
 * Start of a recording from the WFDB header text; undefined when it states none.
 * Format: https://physionet.org/physiotools/wag/header-5.htm
 */
export function wfdbStart(header: string): WfdbStart | undefined {
  const line = header.split(/\r?\n/).find((text) => text.trim() !== '' && !text.startsWith('#'));
  const groups = RECORD_LINE.exec(line ?? '')?.groups;
  const time = groups?.['time'];
  if (time === undefined) return undefined;
  const { day, month, year } = groups ?? {};
  const padded = time.replace(/^(\d):/, '0$1:');
  if (day === undefined || month === undefined || year === undefined) return { time: padded };
  return { time: padded, date: `${year}-${month}-${day}` };
}

/** The header beside a recording (`x.hea` beside `x.csv`), when there is one. */
export async function wfdbStartBeside(csvPath: string): Promise<WfdbStart | undefined> {
  const path = csvPath.replace(/\.[^./\\]*$/, '.hea');
  try {
    const text = await readFile(path, 'utf8');
    return text.length <= MAX_HEADER_BYTES ? wfdbStart(text) : undefined;
  } catch {
    return undefined;
  }
}

import { styleText } from 'node:util';

/** A result for people, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A result for programs: one JSON value on a line of stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Talk, on stderr, so that stdout stays for data. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Colour on a terminal only, and never with NO_COLOR. */
export function coloured(colour: 'green' | 'yellow' | 'red' | 'bold', text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

/** Columns as wide as they have to be. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `2026-11-22 14:03:11Z` */
export function time(atMs: number): string {
  return new Date(atMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** Number of things with its noun: `1 reading`, `1,200 readings`. */
export function count(value: number, one: string, many: string = `${one}s`): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`;
}

/** Standard output may be closed by `head`; that is no failure of ours. */
export function tolerateClosedOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

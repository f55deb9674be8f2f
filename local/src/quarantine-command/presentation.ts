import { ERRORS } from '@pulseledger/domain';
import { MAX_ENTRIES, type QuarantineListing } from '@pulseledger/lambdas/ingest/quarantine';

const HEADINGS = ['quarantined', 'reason', 'device', 'readings', 'bytes'];
const UNKNOWN = '-';

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count.toLocaleString('en-US')} messages`;
}

function cells(entry: QuarantineListing): string[] {
  const { quarantinedAtMs, reason, deviceId, readings, bytes } = entry;
  return [
    new Date(quarantinedAtMs).toISOString(),
    reason,
    deviceId === '' ? UNKNOWN : deviceId,
    readings?.toString() ?? UNKNOWN,
    bytes.toString(),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The listing for a person, with what each reason means and what can be done about it. */
export function listing(entries: readonly QuarantineListing[], isWhole: boolean): string {
  const more = isWhole ? '' : ` (of the first ${messages(MAX_ENTRIES)}; there may be more)`;
  const heading = `${messages(entries.length)} in the quarantine${more}.`;
  if (entries.length === 0) return heading;
  const reasons = [...new Set(entries.map(({ reason }) => reason))].sort();
  const meanings = reasons.map((reason) => {
    const { title, remedy } = ERRORS[reason];
    return `${reason}: ${title} ${remedy}`;
  });
  return [heading, table([HEADINGS, ...entries.map(cells)]), meanings.join('\n')].join('\n\n');
}

/** What a redrive did, for a person. */
export function redriven(count: number): string {
  if (count === 0) return 'No message in the quarantine matches; none was sent again.';
  return (
    `${messages(count)} sent through ingest again. ` +
    'What still cannot be recorded comes back within seconds: see "npm run quarantine -- list".'
  );
}

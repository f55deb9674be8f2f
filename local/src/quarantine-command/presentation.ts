import { ERRORS, isVitalCode, type QuarantineReason, VITAL_SIGNS } from '@pulseledger/domain';
import type { ContentFacts, Place, StrandedFacts } from './stranded-message.ts';
import { MAX_LISTED, type Redrive } from './stranded-queue.ts';

const HEADINGS = ['id', 'received', 'reason', 'device', 'readings', 'bytes', 'redrives'];
const UNKNOWN = '-';

const PLACES: Readonly<Record<Place, string>> = {
  quarantine: 'in the quarantine',
  'dead-letters': 'in the dead-letter queue',
};

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count.toLocaleString('en-US')} messages`;
}

function time(atMs: number | undefined): string {
  return atMs === undefined ? UNKNOWN : new Date(atMs).toISOString();
}

function cells(facts: StrandedFacts): string[] {
  const { id, receivedAtMs, reason, deviceId, readings, bytes, redrives } = facts;
  return [
    id,
    time(receivedAtMs),
    reason ?? UNKNOWN,
    deviceId === '' ? UNKNOWN : deviceId,
    readings?.toString() ?? UNKNOWN,
    bytes.toString(),
    redrives.toString(),
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

function meaning(reason: QuarantineReason): string {
  const { title, remedy } = ERRORS[reason];
  return `${reason}: ${title} ${remedy}`;
}

/** How many there are of each reason and device, most first. */
function counts(entries: readonly StrandedFacts[]): string {
  const groups = new Map<string, number>();
  for (const { reason = UNKNOWN, deviceId } of entries) {
    const name = `${reason}  ${deviceId === '' ? UNKNOWN : deviceId}`;
    groups.set(name, (groups.get(name) ?? 0) + 1);
  }
  return [...groups]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${count.toLocaleString('en-US').padStart(6)}  ${name}`)
    .join('\n');
}

/** The listing for a person, with what each reason means and what can be done about it. */
export function listing(place: Place, entries: readonly StrandedFacts[], isWhole: boolean): string {
  const more = isWhole ? '' : ` (of the first ${messages(MAX_LISTED)}; there may be more)`;
  const heading = `${messages(entries.length)} ${PLACES[place]}${more}.`;
  if (entries.length === 0) return heading;
  const reasons = [...new Set(entries.flatMap(({ reason }) => reason ?? []))].sort();
  return [
    heading,
    counts(entries),
    table([HEADINGS, ...entries.map(cells)]),
    reasons.map(meaning).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function line(name: string, value: string): string {
  return `${name.padEnd(14)}${value}`;
}

function contentLines(content: ContentFacts | undefined): string[] {
  if (content === undefined) return [line('content', 'no chunk can be made out')];
  const { boot, firstSequence, count, startMs, endMs, zoneOffsetMinutes, codes } = content;
  const last = firstSequence + count - 1;
  const named = Object.entries(codes ?? {}).map(([code, readings]) => {
    const display = isVitalCode(code) ? ` (${VITAL_SIGNS[code].display})` : '';
    return line('', `${readings.toLocaleString('en-US')} × ${code}${display}`);
  });
  return [
    line('boot', boot.toString()),
    line('sequences', `${String(firstSequence)} to ${String(last)}`),
    line('measured', `${time(startMs)} to ${time(endMs)}, zone ${String(zoneOffsetMinutes)} min`),
    line(
      'content',
      codes === undefined ? 'cannot be decoded behind its header' : 'values withheld',
    ),
    ...named,
  ];
}

/** One message for a person: who, when, why, how large, of which kinds; no value. */
export function details(facts: StrandedFacts, content: ContentFacts | undefined): string {
  const { id, deviceId, reason, receivedAtMs, quarantinedAtMs, readings, bytes, redrives } = facts;
  return [
    line('message', id),
    line('device', deviceId === '' ? UNKNOWN : deviceId),
    line('received', time(receivedAtMs)),
    line('quarantined', time(quarantinedAtMs)),
    line(
      'size',
      `${bytes.toLocaleString('en-US')} bytes, ${readings?.toString() ?? UNKNOWN} readings`,
    ),
    line('redriven', `${redrives.toLocaleString('en-US')} times`),
    ...contentLines(content),
    ...(reason === undefined ? [] : ['', meaning(reason)]),
  ].join('\n');
}

/** What a redrive did, for a person. */
export function redriven(
  { redriven: sent, copies, left }: Redrive,
  isInterrupted: boolean,
): string {
  const sentence =
    sent === 0
      ? 'No message matches; none was sent again.'
      : `${messages(sent)} sent through ingest again. ` +
        'What still cannot be recorded comes back within seconds, with its count of redrives raised.';
  return [
    sentence,
    ...(copies === 0 ? [] : [`${messages(copies)} with the same bytes taken away.`]),
    ...(left === 0 ? [] : [`${messages(left)} left there.`]),
    ...(isInterrupted ? ['Interrupted: the same command goes on with the rest.'] : []),
  ].join('\n');
}

/** Now and then while a redrive is under way. */
export function progressed({ redriven: sent, left }: Redrive): string {
  return `${messages(sent)} sent again so far, ${left.toLocaleString('en-US')} left …`;
}

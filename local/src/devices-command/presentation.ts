import type { BootGaps, DeviceGaps } from '@pulseledger/domain';

const UNKNOWN = '-';
const MS_PER_SECOND = 1_000;
const MAX_RANGES = 8;
const HEADINGS = ['device', 'status', 'contact', 'last received', 'recorded', 'missing', 'clock'];

function time(atMs: number | null): string {
  return atMs === null ? UNKNOWN : new Date(atMs).toISOString();
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function offset(clockOffsetMs: number | null): string {
  if (clockOffsetMs === null) return UNKNOWN;
  const seconds = (clockOffsetMs / MS_PER_SECOND).toFixed(1);
  return clockOffsetMs < 0 ? `${seconds} s (ahead)` : `+${seconds} s`;
}

function cells(gaps: DeviceGaps): string[] {
  const { deviceId, status, contact, lastReceivedMs, recordedReadings, missingReadings } = gaps;
  return [
    deviceId,
    status,
    contact,
    time(lastReceivedMs),
    count(recordedReadings),
    count(missingReadings),
    offset(gaps.clockOffsetMs),
  ];
}

/** All devices for a person: those with gaps first. */
export function deviceList(devices: readonly DeviceGaps[]): string {
  const sorted = devices.toSorted((a, b) => b.missingReadings - a.missingReadings);
  const incomplete = sorted.filter(({ missingReadings }) => missingReadings > 0).length;
  const missing = sorted.reduce((sum, { missingReadings }) => sum + missingReadings, 0);
  const heading = `${count(devices.length)} devices, ${count(incomplete)} with gaps, ${count(missing)} readings missing.`;
  if (devices.length === 0) return heading;
  const rows = [HEADINGS, ...sorted.map(cells)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [heading, '', ...lines].join('\n');
}

function range([first, last]: readonly [number, number]): string {
  return first === last ? String(first) : `${String(first)}–${String(last)}`;
}

function bootLine({
  boot,
  recorded,
  missing,
  state,
  measuredFromMs,
  measuredUntilMs,
}: BootGaps): string {
  const named = missing.slice(0, MAX_RANGES).map(range).join(', ');
  const more =
    missing.length > MAX_RANGES ? `, and ${count(missing.length - MAX_RANGES)} more` : '';
  const gaps = missing.length === 0 ? 'nothing missing' : `missing ${named}${more} (${state})`;
  const when = `measured ${time(measuredFromMs)} to ${time(measuredUntilMs)}`;
  return `boot ${String(boot)}: ${count(recorded)} readings recorded, ${gaps}; ${when}`;
}

/** One device for a person. */
export function deviceReport(gaps: DeviceGaps): string {
  return [
    `device          ${gaps.deviceId} (${gaps.status})`,
    `contact         ${gaps.contact}`,
    `last measured   ${time(gaps.lastMeasuredMs)}`,
    `last received   ${time(gaps.lastReceivedMs)}`,
    `last committed  ${time(gaps.lastCommittedMs)}`,
    `clock           ${offset(gaps.clockOffsetMs)} from measurement to receipt`,
    `recorded        ${count(gaps.recordedReadings)} readings`,
    `missing         ${count(gaps.missingReadings)} readings`,
    ...gaps.boots.map(bootLine),
    ...(gaps.isWhole ? [] : ['There are more gaps than one report names.']),
  ].join('\n');
}

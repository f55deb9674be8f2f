import {
  type Assignment,
  type BootActivity,
  type BootGaps,
  type DeviceDocument,
  type DeviceGaps,
  LATE_AFTER_MS,
  MAX_LISTED_GAPS,
  type SequenceRange,
} from '@pulseledger/domain';
import { countIn, missingIn } from '../vitals/ranges.ts';
import { statusOf } from './read.ts';

/** A boot as one reader may know it. */
export interface Boot {
  readonly boot: number;
  readonly ranges: readonly SequenceRange[];
  /** When it measured; null when that is not known. */
  readonly measured: Pick<BootActivity, 'measuredFromMs' | 'measuredUntilMs'> | null;
  /** When it was heard of; null when that is not known, or not for this reader. */
  readonly heard: Pick<BootActivity, 'receivedAtMs' | 'committedAtMs' | 'clockOffsetMs'> | null;
}

/** A boot with all that is stored of it. */
export function wholeBoot(
  boot: number,
  ranges: readonly SequenceRange[],
  activity: BootActivity | null,
): Boot {
  return { boot, ranges, measured: activity, heard: activity };
}

function endOf({ untilMs }: Assignment): number {
  return untilMs ?? Infinity;
}

/**
 * What may be known of a boot by who may know of these assignments, which rise: nothing (an empty list)
 * unless it measured during one of them; and when somebody else wore the device before or after, the
 * times stop there.
 */
export function visibleBoot(boot: Boot, assignments: readonly Assignment[]): Boot[] {
  if (boot.measured === null) return [];
  const { measuredFromMs, measuredUntilMs } = boot.measured;
  const during = assignments.filter(
    (worn) => worn.fromMs <= measuredUntilMs && measuredFromMs < endOf(worn),
  );
  const [first] = during;
  const last = during.at(-1);
  if (first === undefined || last === undefined) return [];
  const measured = {
    measuredFromMs: Math.max(measuredFromMs, first.fromMs),
    measuredUntilMs: Math.min(measuredUntilMs, endOf(last)),
  };
  return [{ ...boot, measured, heard: measuredUntilMs < endOf(last) ? boot.heard : null }];
}

function isLate({ heard }: Boot, nowMs: number): boolean {
  return heard === null || nowMs - heard.committedAtMs > LATE_AFTER_MS;
}

function gapsOf(boot: Boot, nowMs: number): BootGaps {
  const { ranges, measured } = boot;
  const missing = missingIn(ranges);
  const waiting = isLate(boot, nowMs) ? 'late' : 'pending';
  return {
    boot: boot.boot,
    recorded: countIn(ranges),
    missing,
    state: missing.length === 0 ? 'complete' : waiting,
    measuredFromMs: measured?.measuredFromMs ?? null,
    measuredUntilMs: measured?.measuredUntilMs ?? null,
  };
}

/** Those boots that have something to say, with as many missing ranges as a report names. */
function listed(boots: readonly BootGaps[]): Pick<DeviceGaps, 'boots' | 'isWhole'> {
  let left = MAX_LISTED_GAPS;
  let isWhole = true;
  const worth = boots.filter(({ missing }, i) => missing.length > 0 || i === boots.length - 1);
  const cut = worth.map((boot) => {
    const missing = boot.missing.slice(0, left);
    isWhole &&= missing.length === boot.missing.length;
    left -= missing.length;
    return { ...boot, missing };
  });
  return { boots: cut, isWhole };
}

type Contact = Pick<
  DeviceGaps,
  'contact' | 'lastMeasuredMs' | 'lastReceivedMs' | 'lastCommittedMs' | 'clockOffsetMs'
>;

const UNKNOWN = {
  lastMeasuredMs: null,
  lastReceivedMs: null,
  lastCommittedMs: null,
  clockOffsetMs: null,
} as const;

/** When the device was last heard of: the boot that measured last says it. */
function contactOf(boots: readonly Boot[], nowMs: number): Contact {
  const untilOf = ({ measured }: Boot): number => measured?.measuredUntilMs ?? 0;
  const [latest] = [...boots].sort((a, b) => untilOf(b) - untilOf(a) || b.boot - a.boot);
  if (latest === undefined) return { contact: 'none', ...UNKNOWN };
  const contact = isLate(latest, nowMs) ? 'late' : 'current';
  const lastMeasuredMs = latest.measured?.measuredUntilMs ?? null;
  if (latest.heard === null) return { contact, ...UNKNOWN, lastMeasuredMs };
  const { receivedAtMs, committedAtMs, clockOffsetMs } = latest.heard;
  return {
    contact,
    lastMeasuredMs,
    lastReceivedMs: receivedAtMs,
    lastCommittedMs: committedAtMs,
    clockOffsetMs,
  };
}

/** The report on a device from these boots, which rise. */
export function gapReport(
  device: DeviceDocument,
  boots: readonly Boot[],
  nowMs: number,
): DeviceGaps {
  const all = boots.map((boot) => gapsOf(boot, nowMs));
  return {
    deviceId: device.deviceId,
    status: statusOf(device).status,
    ...contactOf(boots, nowMs),
    recordedReadings: all.reduce((sum, { recorded }) => sum + recorded, 0),
    missingReadings: all.reduce((sum, { missing }) => sum + countIn(missing), 0),
    ...listed(all),
    atMs: nowMs,
  };
}

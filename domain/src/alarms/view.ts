import { ALARM_PRIORITIES, type AlarmPriority } from './limits.ts';
import { type Alarm, type AlarmState, alarmIdOf } from './state.ts';

const MINUTE_MS = 60_000;

/**
 * How long after its raising, or after a snooze, an alarm that nobody acknowledges goes on to the next in the chain: the
 * nurse in charge, then the doctor on call. Low ones stay where they are.
 */
export const ESCALATES_AFTER_MS: Readonly<Record<AlarmPriority, readonly number[]>> = {
  high: [MINUTE_MS, 3 * MINUTE_MS],
  medium: [5 * MINUTE_MS, 15 * MINUTE_MS],
  low: [],
};

/** An open alarm with how loud it is now. */
export interface OpenAlarm extends Alarm {
  /** Snoozed until a time that has not come. */
  readonly isSnoozed: boolean;
  /** 0 = with whoever watches; each step up is one further in the chain. */
  readonly escalation: number;
}

/** How far an alarm has gone up the chain. */
export function escalationOf(alarm: Alarm, nowMs: number): number {
  if (alarm.acknowledgement !== null) return 0;
  const startMs = Math.max(alarm.detectedAtMs, alarm.snooze?.untilMs ?? 0);
  return ESCALATES_AFTER_MS[alarm.priority].filter((afterMs) => nowMs - startMs >= afterMs).length;
}

/** What is known of a device without its readings. */
export interface DeviceSilence {
  readonly deviceId: string;
  /** End of its latest recorded readings; null = it never sent any. */
  readonly measuredUntilMs: number | null;
}

/**
 * The technical alarm of a device that is worn and says nothing new. It follows from the time alone, so nothing is recorded
 * for it; it is over with the next readings.
 */
export function noDataAlarm(
  { deviceId, measuredUntilMs }: DeviceSilence,
  noDataAfterMs: number | null,
  nowMs: number,
): Alarm | undefined {
  if (noDataAfterMs === null || measuredUntilMs === null) return undefined;
  const raisedAtMs = measuredUntilMs + noDataAfterMs;
  if (nowMs < raisedAtMs) return undefined;
  const rule = 'device.no-data.medium';
  return {
    alarmId: alarmIdOf(deviceId, rule, raisedAtMs),
    deviceId,
    rule,
    kind: 'technical',
    priority: 'medium',
    sinceMs: measuredUntilMs,
    raisedAtMs,
    detectedAtMs: raisedAtMs,
    limit: null,
    extreme: null,
    repeats: 0,
    endedAtMs: null,
    acknowledgement: null,
    snooze: null,
  };
}

/**
 * Does an alarm still concern anybody? One of a device that the patient does not wear any more gets no reading that could
 * end it: what remains of it is what nobody has acknowledged yet.
 */
export function isOpen({ kind, acknowledgement }: Alarm, isWorn: boolean): boolean {
  return isWorn || (kind === 'physiological' && acknowledgement === null);
}

function byUrgency(a: Alarm, b: Alarm): number {
  const priority = (alarm: Alarm): number => ALARM_PRIORITIES.indexOf(alarm.priority);
  return (
    priority(a) - priority(b) || a.raisedAtMs - b.raisedAtMs || (a.alarmId < b.alarmId ? -1 : 1)
  );
}

/** Alarms that somebody has to see, the most urgent first. */
export function openAlarms(
  state: AlarmState,
  silent: readonly Alarm[],
  nowMs: number,
): OpenAlarm[] {
  const raised = state.devices.flatMap(({ tracks }) => tracks.flatMap(({ alarm }) => alarm ?? []));
  return [...raised, ...silent].sort(byUrgency).map((alarm) => ({
    ...alarm,
    isSnoozed: alarm.snooze !== null && nowMs < alarm.snooze.untilMs,
    escalation: escalationOf(alarm, nowMs),
  }));
}

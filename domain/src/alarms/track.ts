import type { AlarmPriority } from './limits.ts';
import { type Alarm, type AlarmKind, alarmIdOf, type Track } from './state.ts';

/** A rule at a device, with what an alarm of it says. */
export interface RuleFacts {
  readonly deviceId: string;
  readonly rule: string;
  readonly kind: AlarmKind;
  readonly priority: AlarmPriority;
  readonly persistenceMs: number;
  readonly limit: number | null;
}

/** What one reading says about a rule. */
export interface Evidence {
  readonly atMs: number;
  /**
   * `violated`; `recovered` = well inside; `between` = back, but not by the hysteresis; `unknown` = no value, which neither
   * starts nor ends an alarm but ends the wait for one.
   */
  readonly verdict: 'violated' | 'between' | 'recovered' | 'unknown';
  readonly value: number | null;
  /** Is `value` farther beyond the limit than the other? */
  readonly isWorse: (value: number, than: number) => boolean;
}

/** What happened to an alarm. */
export type AlarmChange = 'raised' | 'repeated' | 'ended';

/** A track after a reading. */
export interface Step {
  readonly track: Track;
  readonly change?: AlarmChange;
  /** The alarm is over and needs nobody any more. */
  readonly closed?: Alarm;
}

function worst(alarm: Alarm, { value, isWorse }: Evidence): Alarm {
  if (value === null) return alarm;
  const isFarther = alarm.extreme === null || isWorse(value, alarm.extreme);
  return isFarther ? { ...alarm, extreme: value } : alarm;
}

function raised(facts: RuleFacts, sinceMs: number, evidence: Evidence, nowMs: number): Alarm {
  const { deviceId, rule, kind, priority, limit } = facts;
  return {
    alarmId: alarmIdOf(deviceId, rule, evidence.atMs),
    deviceId,
    rule,
    kind,
    priority,
    sinceMs,
    raisedAtMs: evidence.atMs,
    detectedAtMs: nowMs,
    limit,
    extreme: evidence.value,
    repeats: 0,
    endedAtMs: null,
    acknowledgement: null,
    snooze: null,
  };
}

/** The condition is there and no alarm says so: wait, or raise one, or bring back the one that nobody acknowledged. */
function onViolation(track: Track, facts: RuleFacts, evidence: Evidence, nowMs: number): Step {
  const sinceMs = track.pendingSinceMs ?? evidence.atMs;
  if (evidence.atMs - sinceMs < facts.persistenceMs) {
    return { track: { ...track, pendingSinceMs: sinceMs } };
  }
  const { rule, alarm } = track;
  if (alarm === null) {
    const made = raised(facts, sinceMs, evidence, nowMs);
    return { track: { rule, pendingSinceMs: null, alarm: made }, change: 'raised' };
  }
  const again = { ...worst(alarm, evidence), endedAtMs: null, repeats: alarm.repeats + 1 };
  return { track: { rule, pendingSinceMs: null, alarm: again }, change: 'repeated' };
}

/** The condition of an alarm is over. What somebody must still see stays until it is acknowledged. */
export function end(track: Track, alarm: Alarm, atMs: number): Step {
  const ended = { ...alarm, endedAtMs: atMs };
  const { rule } = track;
  const isDone = alarm.kind === 'technical' || alarm.acknowledgement !== null;
  return {
    track: { rule, pendingSinceMs: null, alarm: isDone ? null : ended },
    change: 'ended',
    ...(isDone ? { closed: ended } : {}),
  };
}

function whileRaised(track: Track, alarm: Alarm, evidence: Evidence): Step {
  switch (evidence.verdict) {
    case 'recovered':
      return end(track, alarm, evidence.atMs);
    case 'violated':
      return { track: { ...track, alarm: worst(alarm, evidence) } };
    case 'between':
    case 'unknown':
      return { track };
  }
}

/** One reading further. */
export function step(track: Track, facts: RuleFacts, evidence: Evidence, nowMs: number): Step {
  const { alarm } = track;
  if (alarm !== null && alarm.endedAtMs === null) return whileRaised(track, alarm, evidence);
  switch (evidence.verdict) {
    case 'violated':
      return onViolation(track, facts, evidence, nowMs);
    case 'between':
      return { track };
    case 'recovered':
    case 'unknown':
      return { track: track.pendingSinceMs === null ? track : { ...track, pendingSinceMs: null } };
  }
}

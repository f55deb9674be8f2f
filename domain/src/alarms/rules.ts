import type { Reading } from '../chunk/reading.ts';
import { plausibility, type VitalCode } from '../vital-signs.ts';
import { type AlarmLimit, type AlarmSettings, inLimitUnit, limitsOf } from './limits.ts';
import type { Evidence, RuleFacts } from './track.ts';

const SENSOR_OFF_AFTER_MS = 60_000;
const CLOCK_AHEAD_MS = 30_000;
const CLOCK_RIGHT_MS = 10_000;
const BATTERY_LOW_PERCENT = 15;
const BATTERY_FULL_ENOUGH_PERCENT = 20;

/** A rule with what a reading says about it. */
export interface Ruled {
  readonly facts: RuleFacts;
  readonly evidence: Evidence;
}

function isLower(value: number, than: number): boolean {
  return value < than;
}

function isHigher(value: number, than: number): boolean {
  return value > than;
}

/** The number of a reading, if it has one that a living person can have; a strip has none. */
function plausibleValue(reading: Reading): number | undefined {
  if (!('value' in reading)) return undefined;
  const { code, unit, value, durationMs } = reading;
  const isPlausible = plausibility(code, unit, value, durationMs) === 'plausible';
  return isPlausible ? inLimitUnit(code, unit, value) : undefined;
}

function verdictOf(limit: AlarmLimit, value: number | undefined): Evidence['verdict'] {
  if (value === undefined) return 'unknown';
  const inside = limit.side === 'low' ? value - limit.value : limit.value - value;
  if (inside < 0) return 'violated';
  return inside >= limit.hysteresis ? 'recovered' : 'between';
}

function limitRule(deviceId: string, code: VitalCode, limit: AlarmLimit): RuleFacts {
  const { side, priority, persistenceMs, value } = limit;
  const rule = `${code}.${side}.${priority}`;
  return { deviceId, rule, kind: 'physiological', priority, persistenceMs, limit: value };
}

/** Name of the rule about a sign's sensor. */
export function sensorRule(code: VitalCode): string {
  return `${code}.sensor-off.medium`;
}

function sensorFacts(deviceId: string, code: VitalCode): RuleFacts {
  return {
    deviceId,
    rule: sensorRule(code),
    kind: 'technical',
    priority: 'medium',
    persistenceMs: SENSOR_OFF_AFTER_MS,
    limit: null,
  };
}

/** Everything that one reading says: about each limit of its sign, and about the sensor. */
export function rulesOfReading(
  deviceId: string,
  reading: Reading,
  settings: AlarmSettings,
): Ruled[] {
  const { code, atMs } = reading;
  const limits = limitsOf(settings, code);
  if (limits.length === 0 || 'sampled' in reading) return [];
  const value = plausibleValue(reading);
  const byLimit = limits.map(
    (limit): Ruled => ({
      facts: limitRule(deviceId, code, limit),
      evidence: {
        atMs,
        verdict: verdictOf(limit, value),
        value: value ?? null,
        isWorse: limit.side === 'low' ? isLower : isHigher,
      },
    }),
  );
  const verdict = value === undefined ? 'violated' : 'recovered';
  const sensor = { atMs, verdict, value: null, isWorse: isLower } as const;
  return [...byLimit, { facts: sensorFacts(deviceId, code), evidence: sensor }];
}

/** What a device says of itself along with its readings. */
export interface DeviceCondition {
  /** End of its latest readings by its own clock. */
  readonly endMs: number;
  /** When they were received, by ours. */
  readonly receivedAtMs: number;
  /** Where the device says it. */
  readonly batteryPercent?: number | undefined;
}

function deviceRule(deviceId: string, what: 'clock' | 'battery'): RuleFacts {
  const rule = `device.${what}.low`;
  return { deviceId, rule, kind: 'technical', priority: 'low', persistenceMs: 0, limit: null };
}

function clockVerdict(aheadMs: number): Evidence['verdict'] {
  if (aheadMs > CLOCK_AHEAD_MS) return 'violated';
  return aheadMs <= CLOCK_RIGHT_MS ? 'recovered' : 'between';
}

function batteryVerdict(percent: number): Evidence['verdict'] {
  if (percent < BATTERY_LOW_PERCENT) return 'violated';
  return percent >= BATTERY_FULL_ENOUGH_PERCENT ? 'recovered' : 'between';
}

/**
 * What the delivery of a chunk says about the device. A clock that is ahead shows, because nothing is received before it is
 * measured; one that is behind looks like data that came late, and the alarm for it is that of missing data.
 */
export function rulesOfDevice(deviceId: string, condition: DeviceCondition): Ruled[] {
  const { endMs, receivedAtMs, batteryPercent } = condition;
  const aheadMs = endMs - receivedAtMs;
  const common = { atMs: receivedAtMs, value: null, isWorse: isLower };
  const clock: Ruled = {
    facts: deviceRule(deviceId, 'clock'),
    evidence: { ...common, verdict: clockVerdict(aheadMs) },
  };
  if (batteryPercent === undefined) return [clock];
  const battery: Ruled = {
    facts: deviceRule(deviceId, 'battery'),
    evidence: { ...common, verdict: batteryVerdict(batteryPercent), value: batteryPercent },
  };
  return [clock, battery];
}

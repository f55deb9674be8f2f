import { canonicalJson } from '../canonical-json.ts';
import type { Reading, Summary } from '../chunk/reading.ts';
import type { VitalCode } from '../vital-signs.ts';
import { type AlarmSettings, inLimitUnit, limitsOf } from './limits.ts';
import {
  type DeviceCondition,
  type Ruled,
  rulesOfDevice,
  rulesOfReading,
  sensorRule,
} from './rules.ts';
import {
  type AlarmState,
  type DeviceAlarms,
  type HistoricalEpisode,
  MAX_KEPT,
  type Track,
} from './state.ts';
import { type AlarmChange, end, type Step, step } from './track.ts';

/**
 * Readings whose chunk ended longer ago than this are not live: what they show is marked historical. Longer than the longest
 * window of a device and a few tries of the queue.
 */
export const LIVE_WITHIN_MS: number = 5 * 60_000;

/** Episodes of one rule that are so close are one. */
const SAME_EPISODE_MS = 120_000;

/** A chunk as the alarms see it. */
export interface Arrival extends DeviceCondition {
  readonly deviceId: string;
  /** In the order of time. */
  readonly readings: readonly Reading[];
}

/** Something that somebody may have to be told. */
export interface AlarmEvent {
  readonly change: AlarmChange | 'historical';
  readonly deviceId: string;
  readonly rule: string;
  readonly atMs: number;
}

/** Alarms after an arrival. */
export interface Evaluation {
  readonly state: AlarmState;
  readonly events: readonly AlarmEvent[];
}

function latest<T>(all: readonly T[]): readonly T[] {
  return all.slice(-MAX_KEPT);
}

/** Takes the tracks of one device further. */
class DeviceRun {
  readonly events: AlarmEvent[] = [];
  readonly closed: NonNullable<Step['closed']>[] = [];
  readonly #tracks: Map<string, Track>;
  readonly #deviceId: string;
  readonly #nowMs: number;

  constructor(deviceId: string, tracks: readonly Track[], nowMs: number) {
    this.#deviceId = deviceId;
    this.#tracks = new Map(tracks.map((track) => [track.rule, track]));
    this.#nowMs = nowMs;
  }

  apply({ facts, evidence }: Ruled): void {
    const { rule } = facts;
    const before = this.#tracks.get(rule) ?? { rule, pendingSinceMs: null, alarm: null };
    this.#take(step(before, facts, evidence, this.#nowMs), evidence.atMs);
  }

  /** Limits that do not hold any more cannot be violated. */
  keepOnly(isRule: (rule: string) => boolean, atMs: number): void {
    for (const track of this.#tracks.values()) {
      if (isRule(track.rule)) continue;
      const { rule, alarm } = track;
      if (alarm !== null && alarm.endedAtMs === null) this.#take(end(track, alarm, atMs), atMs);
      else this.#take({ track: { rule, pendingSinceMs: null, alarm } }, atMs);
    }
  }

  #take({ track, change, closed }: Step, atMs: number): void {
    const { rule, pendingSinceMs, alarm } = track;
    if (pendingSinceMs === null && alarm === null) this.#tracks.delete(rule);
    else this.#tracks.set(rule, track);
    if (closed !== undefined) this.closed.push(closed);
    if (change !== undefined) this.events.push({ change, deviceId: this.#deviceId, rule, atMs });
  }

  tracks(): Track[] {
    return [...this.#tracks.values()].sort((a, b) => (a.rule < b.rule ? -1 : 1));
  }
}

function rulesOf(code: VitalCode, settings: AlarmSettings): string[] {
  const limits = limitsOf(settings, code).map(
    ({ side, priority }) => `${code}.${side}.${priority}`,
  );
  // Where nothing is watched, nobody misses the sensor either.
  return limits.length === 0 ? [] : [...limits, sensorRule(code)];
}

function ruleNames(
  readings: readonly Reading[],
  settings: AlarmSettings,
): (rule: string) => boolean {
  const codes = [...new Set(readings.map(({ code }) => code))];
  const valid = new Set(codes.flatMap((code) => rulesOf(code, settings)));
  // Only codes that this arrival speaks of are judged; the others wait for their own readings.
  return (rule) => valid.has(rule) || !codes.some((code) => rule.startsWith(`${code}.`));
}

function live(
  state: AlarmState,
  device: DeviceAlarms,
  arrival: Arrival,
  settings: AlarmSettings,
  nowMs: number,
): Evaluation {
  const { deviceId, endMs } = arrival;
  const run = new DeviceRun(deviceId, device.tracks, nowMs);
  const readings = arrival.readings.filter(({ atMs }) => atMs > device.evaluatedUntilMs);
  const [first] = readings;
  if (first !== undefined) run.keepOnly(ruleNames(readings, settings), first.atMs);
  for (const reading of readings) {
    for (const ruled of rulesOfReading(deviceId, reading, settings)) run.apply(ruled);
  }
  for (const ruled of rulesOfDevice(deviceId, arrival)) run.apply(ruled);
  const evaluatedUntilMs = Math.max(endMs, device.evaluatedUntilMs);
  const after: DeviceAlarms = { deviceId, evaluatedUntilMs, tracks: run.tracks() };
  const devices = [...state.devices.filter((one) => one.deviceId !== deviceId), after];
  devices.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
  const closed = latest([...state.closed, ...run.closed]);
  return { state: { ...state, devices, closed }, events: run.events };
}

/** What the same rules would have said had the readings come in time; every run starts from nothing. */
function episodesOf(arrival: Arrival, settings: AlarmSettings, nowMs: number): HistoricalEpisode[] {
  const { deviceId, readings, endMs } = arrival;
  const run = new DeviceRun(deviceId, [], nowMs);
  for (const reading of readings) {
    for (const ruled of rulesOfReading(deviceId, reading, settings)) {
      if (ruled.facts.kind === 'physiological') run.apply(ruled);
    }
  }
  return run.tracks().flatMap(({ alarm }) => {
    if (alarm === null) return [];
    const { rule, sinceMs, limit, extreme } = alarm;
    const untilMs = alarm.endedAtMs ?? endMs;
    return [{ deviceId, rule, fromMs: sinceMs, untilMs, limit, extreme }];
  });
}

function meets(a: HistoricalEpisode, b: HistoricalEpisode): boolean {
  return (
    a.deviceId === b.deviceId &&
    a.rule === b.rule &&
    a.fromMs <= b.untilMs + SAME_EPISODE_MS &&
    b.fromMs <= a.untilMs + SAME_EPISODE_MS
  );
}

function farther(a: HistoricalEpisode, b: HistoricalEpisode): number | null {
  if (a.extreme === null || b.extreme === null) return a.extreme ?? b.extreme;
  return a.rule.includes('.low.') ? Math.min(a.extreme, b.extreme) : Math.max(a.extreme, b.extreme);
}

/** Adds an episode, joined with all that it touches. */
function withEpisode(
  all: readonly HistoricalEpisode[],
  episode: HistoricalEpisode,
): readonly HistoricalEpisode[] {
  const touching = all.filter((one) => meets(one, episode));
  const joined = touching.reduce(
    (sum, one) => ({
      ...sum,
      fromMs: Math.min(sum.fromMs, one.fromMs),
      untilMs: Math.max(sum.untilMs, one.untilMs),
      extreme: farther(sum, one),
    }),
    episode,
  );
  const others = all.filter((one) => !touching.includes(one));
  return latest(
    [...others, joined].sort((a, b) => a.fromMs - b.fromMs || (a.rule < b.rule ? -1 : 1)),
  );
}

function isSame(a: HistoricalEpisode, b: HistoricalEpisode | undefined): boolean {
  return (
    a === b ||
    (b !== undefined &&
      a.deviceId === b.deviceId &&
      a.rule === b.rule &&
      a.fromMs === b.fromMs &&
      a.untilMs === b.untilMs &&
      a.limit === b.limit &&
      a.extreme === b.extreme)
  );
}

/** Are these the same episodes? Asked about every late chunk, of lists that get long in a backfill. */
function areSame(
  some: readonly HistoricalEpisode[],
  others: readonly HistoricalEpisode[],
): boolean {
  if (some === others) return true;
  return some.length === others.length && some.every((one, index) => isSame(one, others[index]));
}

/** Was this told as a live alarm already? */
function wasLive(state: AlarmState, episode: HistoricalEpisode): boolean {
  const alarms = [
    ...state.closed,
    ...state.devices.flatMap(({ tracks }) => tracks.flatMap(({ alarm }) => alarm ?? [])),
  ];
  return alarms.some(
    ({ deviceId, rule, sinceMs, endedAtMs }) =>
      deviceId === episode.deviceId &&
      rule === episode.rule &&
      sinceMs <= episode.untilMs &&
      (endedAtMs === null || episode.fromMs <= endedAtMs),
  );
}

function late(
  state: AlarmState,
  arrival: Arrival,
  settings: AlarmSettings,
  nowMs: number,
): Evaluation {
  const found = episodesOf(arrival, settings, nowMs).filter((one) => !wasLive(state, one));
  const historical = found.reduce(withEpisode, state.historical);
  if (areSame(historical, state.historical)) return { state, events: [] };
  const { deviceId } = arrival;
  const events = found.map(
    ({ rule, fromMs }): AlarmEvent => ({ change: 'historical', deviceId, rule, atMs: fromMs }),
  );
  return { state: { ...state, historical }, events };
}

/**
 * Alarms after a device's readings arrived. The same arrival again changes nothing; readings that come late, or after
 * younger ones of the same device, never raise an alarm.
 *
 * @param nowMs the time of the evaluation.
 */
export function evaluateArrival(
  state: AlarmState,
  arrival: Arrival,
  settings: AlarmSettings,
  nowMs: number,
): Evaluation {
  const { deviceId, endMs } = arrival;
  const device = state.devices.find((one) => one.deviceId === deviceId) ?? {
    deviceId,
    evaluatedUntilMs: 0,
    tracks: [],
  };
  const isLate = nowMs - endMs > LIVE_WITHIN_MS || endMs <= device.evaluatedUntilMs;
  return isLate
    ? late(state, arrival, settings, nowMs)
    : live(state, device, arrival, settings, nowMs);
}

/**
 * What of a state is worth keeping on the ledger: not how far a device was evaluated, nor a value a little farther beyond
 * its limit, which alone would cost a transaction a chunk.
 */
export function isSameToReaders(one: AlarmState, other: AlarmState): boolean {
  if (one === other) return true;
  return areSame(one.historical, other.historical) && essence(one) === essence(other);
}

/** What readers see, but for the historical episodes. */
function essence({ devices, closed }: AlarmState): string {
  const kept = devices
    .filter(({ tracks }) => tracks.length > 0)
    .map(({ deviceId, tracks }) => ({
      deviceId,
      tracks: tracks.map((track) => ({
        ...track,
        alarm: track.alarm === null ? null : { ...track.alarm, extreme: null, detectedAtMs: 0 },
      })),
    }));
  return canonicalJson({ kept, closed: closed.map(({ alarmId }) => alarmId) });
}

/**
 * Can a chunk change nothing, by its summaries alone? Then its readings need not be decoded. Only for a device without
 * anything pending or raised.
 */
export function isQuiet(
  summaries: readonly Summary[],
  settings: AlarmSettings,
  tracks: readonly Track[],
): boolean {
  return tracks.length === 0 && summaries.every((summary) => isInside(summary, settings));
}

function isInside(summary: Summary, settings: AlarmSettings): boolean {
  const { code, unit, form, implausible, absent, statistics } = summary;
  const limits = limitsOf(settings, code);
  if (limits.length === 0 || form === 'sampled') return true;
  if (implausible + absent > 0) return false;
  if (statistics === undefined) return true;
  const min = inLimitUnit(code, unit, statistics.min);
  const max = inLimitUnit(code, unit, statistics.max);
  if (min === undefined || max === undefined) return true;
  return limits.every(({ side, value }) => (side === 'low' ? min >= value : max <= value));
}

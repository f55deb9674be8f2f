import { z } from 'zod';
import { Identifier, MomentMs } from '../identifiers.ts';
import type { AlarmPriority } from './limits.ts';
import {
  type Alarm,
  AlarmId,
  type AlarmState,
  type Deed,
  MAX_KEPT,
  priorityOf,
  type Track,
} from './state.ts';

const MINUTE_MS = 60_000;

/** Longest snooze by priority; a longer one ends then all the same. */
export const MAX_SNOOZE_MS: Readonly<Record<AlarmPriority, number>> = {
  high: 2 * MINUTE_MS,
  medium: 15 * MINUTE_MS,
  low: 60 * MINUTE_MS,
};

/** What a practitioner did about one alarm; `untilMs` null = acknowledged, else snoozed until then. */
export interface AlarmDeed extends Deed {
  readonly alarmId: string;
  readonly untilMs: number | null;
}
export const AlarmDeed: z.ZodType<AlarmDeed> = z.object({
  alarmId: AlarmId,
  untilMs: MomentMs.nullable(),
  by: Identifier,
  mspId: z.string(),
  atMs: MomentMs,
});

/** An alarm after a deed. The first acknowledgement stands; of snoozes the latest. */
export function withDeed(alarm: Alarm, { alarmId, untilMs, by, mspId, atMs }: AlarmDeed): Alarm {
  if (alarm.alarmId !== alarmId) return alarm;
  const { acknowledgement, snooze } = alarm;
  if (untilMs === null) {
    const isFirst = acknowledgement === null || atMs < acknowledgement.atMs;
    return isFirst ? { ...alarm, acknowledgement: { by, mspId, atMs } } : alarm;
  }
  if (snooze !== null && snooze.atMs >= atMs) return alarm;
  const longest = atMs + MAX_SNOOZE_MS[priorityOf(alarm.rule)];
  return { ...alarm, snooze: { by, mspId, atMs, untilMs: Math.min(untilMs, longest) } };
}

function isDone({ acknowledgement, endedAtMs }: Alarm): boolean {
  return acknowledgement !== null && endedAtMs !== null;
}

/** A state after deeds: what is over and acknowledged is closed. Doing it twice changes nothing. */
export function withDeeds(state: AlarmState, deeds: readonly AlarmDeed[]): AlarmState {
  const closed = [...state.closed];
  const devices = state.devices.map((device) => ({
    ...device,
    tracks: device.tracks.flatMap((track): Track[] => {
      if (track.alarm === null) return [track];
      const alarm = deeds.reduce(withDeed, track.alarm);
      if (!isDone(alarm)) return [{ ...track, alarm }];
      closed.push(alarm);
      return track.pendingSinceMs === null ? [] : [{ ...track, alarm: null }];
    }),
  }));
  return { ...state, devices, closed: closed.slice(-MAX_KEPT) };
}

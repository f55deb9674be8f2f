import { z } from 'zod';
import { Identifier, MomentMs } from '../identifiers.ts';
import { ALARM_PRIORITIES, type AlarmPriority } from './limits.ts';

/** What a practitioner did about an alarm. */
export interface Deed {
  readonly by: string;
  readonly mspId: string;
  readonly atMs: number;
}
export const Deed: z.ZodType<Deed> = z.object({
  by: Identifier,
  mspId: z.string(),
  atMs: MomentMs,
});

/** Of the body, or of the equipment. */
export type AlarmKind = 'physiological' | 'technical';

/** An alarm from when it was raised until it is closed. */
export interface Alarm {
  /** Device, rule and time of raising: the same readings make the same name. */
  readonly alarmId: string;
  readonly deviceId: string;
  /** `code.side.priority` of a limit, or `code.sensor-off.priority`, `device.clock.priority` and the like. */
  readonly rule: string;
  readonly kind: AlarmKind;
  readonly priority: AlarmPriority;
  /** Time of the first measurement of the condition. */
  readonly sinceMs: number;
  /** Time of the measurement at which it had lasted long enough. */
  readonly raisedAtMs: number;
  /** When it was evaluated. */
  readonly detectedAtMs: number;
  /** The limit and the value farthest beyond it, where there are such. */
  readonly limit: number | null;
  readonly extreme: number | null;
  /** How often the condition came back before anybody acknowledged. */
  readonly repeats: number;
  /** Time of the measurement at which the condition was over; null = it lasts. */
  readonly endedAtMs: number | null;
  readonly acknowledgement: Deed | null;
  readonly snooze: (Deed & { readonly untilMs: number }) | null;
}
export const Alarm: z.ZodType<Alarm> = z.object({
  alarmId: z.string(),
  deviceId: Identifier,
  rule: z.string(),
  kind: z.enum(['physiological', 'technical']),
  priority: z.enum(ALARM_PRIORITIES),
  sinceMs: MomentMs,
  raisedAtMs: MomentMs,
  detectedAtMs: MomentMs,
  limit: z.number().nullable(),
  extreme: z.number().nullable(),
  repeats: z.int(),
  endedAtMs: MomentMs.nullable(),
  acknowledgement: Deed.nullable(),
  snooze: z
    .object({ by: Identifier, mspId: z.string(), atMs: MomentMs, untilMs: MomentMs })
    .nullable(),
});

/** One rule at one device: nothing stands for a rule that nothing violates. */
export interface Track {
  readonly rule: string;
  /** Since when the condition is there without an alarm for it yet. */
  readonly pendingSinceMs: number | null;
  readonly alarm: Alarm | null;
}

/** A device's part of a patient's alarms. */
export interface DeviceAlarms {
  readonly deviceId: string;
  /** Time of the latest reading that was evaluated as live. */
  readonly evaluatedUntilMs: number;
  /** By rule, rising. */
  readonly tracks: readonly Track[];
}

/** A violation found in data that came late: it never was an alarm. */
export interface HistoricalEpisode {
  readonly deviceId: string;
  readonly rule: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly limit: number | null;
  readonly extreme: number | null;
}
export const HistoricalEpisode: z.ZodType<HistoricalEpisode> = z.object({
  deviceId: Identifier,
  rule: z.string(),
  fromMs: MomentMs,
  untilMs: MomentMs,
  limit: z.number().nullable(),
  extreme: z.number().nullable(),
});

/** All alarms of a patient. */
export interface AlarmState {
  /** By device id, rising. */
  readonly devices: readonly DeviceAlarms[];
  /** Latest closed ones, oldest first. */
  readonly closed: readonly Alarm[];
  /** Latest ones, oldest first. */
  readonly historical: readonly HistoricalEpisode[];
}

/** Closed alarms and historical episodes that are kept beside the open ones. */
export const MAX_KEPT = 100;
const MAX_DEVICES = 100;
const MAX_TRACKS = 200;

export const AlarmState: z.ZodType<AlarmState> = z.object({
  devices: z
    .array(
      z.object({
        deviceId: Identifier,
        evaluatedUntilMs: MomentMs,
        tracks: z
          .array(
            z.object({
              rule: z.string(),
              pendingSinceMs: MomentMs.nullable(),
              alarm: Alarm.nullable(),
            }),
          )
          .max(MAX_TRACKS),
      }),
    )
    .max(MAX_DEVICES),
  closed: z.array(Alarm).max(MAX_KEPT),
  historical: z.array(HistoricalEpisode).max(MAX_KEPT),
});

export const NO_ALARMS: AlarmState = { devices: [], closed: [], historical: [] };

const PRIORITY = ALARM_PRIORITIES.join('|');
/** Name of an alarm: device, rule, time of raising. */
export const AlarmId: z.ZodType<string> = z
  .string()
  .regex(new RegExp(`^[0-9a-f]{32}\\.[0-9a-z-]{1,20}\\.[a-z-]{1,20}\\.(${PRIORITY})\\.\\d{1,15}$`));

/** Makes an {@link AlarmId}. */
export function alarmIdOf(deviceId: string, rule: string, raisedAtMs: number): string {
  return `${deviceId}.${rule}.${raisedAtMs}`;
}

/** Priority that a rule's name ends with. */
export function priorityOf(rule: string): AlarmPriority {
  return ALARM_PRIORITIES.find((priority) => rule.endsWith(`.${priority}`)) ?? 'low';
}

import { z } from 'zod';
import { ReadAlarmsOutput } from '../alarms/contract.ts';
import { AlarmSettings } from '../alarms/limits.ts';
import { MomentMs } from '../identifiers.ts';

/** Answer of `GET /patients/{id}/alarms`: open ones, the most urgent first, and what became of others. */
export type AlarmsAnswer = ReadAlarmsOutput;
export const AlarmsAnswer: z.ZodType<AlarmsAnswer> = ReadAlarmsOutput;

/** Body of `POST /patients/{id}/alarms/{alarmId}/acknowledge`: seen, or quiet until a time. */
export interface AcknowledgeRequest {
  /** Null = acknowledged; else snoozed until then, no longer than the priority allows. */
  readonly untilMs: number | null;
}
export const AcknowledgeRequest: z.ZodType<AcknowledgeRequest> = z.strictObject({
  untilMs: MomentMs.nullable(),
});

/** Body of `PUT /patients/{id}/alarms/settings`: all settings, in place of the former ones. */
export interface AlarmSettingsRequest extends AlarmSettings {
  /** Orders or ends the second scale of NEWS2: prescribers only; null = as it is. */
  readonly scale2: boolean | null;
}
export const AlarmSettingsRequest: z.ZodType<AlarmSettingsRequest> = z
  .looseObject({ scale2: z.boolean().nullable() })
  .transform(({ scale2, ...settings }, context) => {
    const parsed = AlarmSettings.safeParse(settings);
    if (parsed.success) return { ...parsed.data, scale2 };
    for (const { message, path } of parsed.error.issues) {
      context.addIssue({ code: 'custom', message, path });
    }
    return z.NEVER;
  });

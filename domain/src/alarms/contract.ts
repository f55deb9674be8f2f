import { z } from 'zod';
import { Identifier, MomentMs, SaltHex } from '../identifiers.ts';
import { AlarmDeed } from './deeds.ts';
import { AlarmSettings, SettingsEntry } from './limits.ts';
import { Alarm, AlarmId, AlarmState, HistoricalEpisode } from './state.ts';
import type { OpenAlarm } from './view.ts';

/** Most devices or patients in one call of the ingest service. */
export const MAX_ALARM_DEVICES = 100;

/** A patient's alarms as stored; written by ingest services only. */
export interface AlarmsDocument {
  readonly patientId: string;
  /** One more with every writing; 1 = the first. */
  readonly revision: number;
  readonly state: AlarmState;
  readonly saltHex: string;
}
export const AlarmsDocument: z.ZodType<AlarmsDocument> = z.object({
  patientId: Identifier,
  revision: z.int().min(1),
  state: AlarmState,
  saltHex: SaltHex,
});

/**
 * What a practitioner said about the watching of a patient: settings, or a deed. Each stands at a random key of its own and
 * is never changed, so that a practitioner's transaction touches nothing that tells whose alarms these are.
 */
export interface SettingsDocument {
  readonly entry: SettingsEntry;
  readonly saltHex: string;
}
export const SettingsDocument: z.ZodType<SettingsDocument> = z.object({
  entry: SettingsEntry,
  saltHex: SaltHex,
});

/** See {@link SettingsDocument}. */
export interface DeedDocument {
  readonly entry: AlarmDeed;
  readonly saltHex: string;
}
export const DeedDocument: z.ZodType<DeedDocument> = z.object({
  entry: AlarmDeed,
  saltHex: SaltHex,
});

/** Input of `vitals:SetLimits`: all settings of the patient, in place of the former ones. */
export interface SetLimitsInput {
  readonly patientId: string;
  /** Random, of this entry. */
  readonly entryId: string;
  readonly settings: AlarmSettings;
  /** Orders or ends the second scale of NEWS2, which needs the right to prescribe; null = as it is. */
  readonly scale2: boolean | null;
  readonly saltHex: string;
}
export const SetLimitsInput: z.ZodType<SetLimitsInput> = z.strictObject({
  patientId: Identifier,
  entryId: Identifier,
  settings: AlarmSettings,
  scale2: z.boolean().nullable(),
  saltHex: SaltHex,
});

/** Input of `vitals:Acknowledge`: an alarm is acknowledged, or snoozed until a time. */
export interface AcknowledgeInput {
  readonly patientId: string;
  /** Random, of this entry. */
  readonly entryId: string;
  readonly alarmId: string;
  /** Null = acknowledged. */
  readonly untilMs: number | null;
  readonly saltHex: string;
}
export const AcknowledgeInput: z.ZodType<AcknowledgeInput> = z.strictObject({
  patientId: Identifier,
  entryId: Identifier,
  alarmId: AlarmId,
  untilMs: MomentMs.nullable(),
  saltHex: SaltHex,
});

/** Input of `vitals:ReadAlarms`. */
export interface ReadAlarmsInput {
  readonly patientId: string;
  /** Of the open chart. */
  readonly permitId: string;
}
export const ReadAlarmsInput: z.ZodType<ReadAlarmsInput> = z.strictObject({
  patientId: Identifier,
  permitId: Identifier,
});

/** Answer of `vitals:ReadAlarms`. */
export interface ReadAlarmsOutput {
  /** The most urgent first. */
  readonly open: readonly OpenAlarm[];
  /** Latest closed ones, oldest first. */
  readonly closed: readonly Alarm[];
  /** What late data showed; never was an alarm. */
  readonly historical: readonly HistoricalEpisode[];
  /** Null = the default ones. */
  readonly settings: SettingsEntry | null;
  /** Who ordered the second scale of NEWS2, and when; null = the first scale. */
  readonly scale2: { readonly prescriberId: string; readonly fromMs: number } | null;
}
export const ReadAlarmsOutput: z.ZodType<ReadAlarmsOutput> = z.object({
  open: z.array(
    z.intersection(Alarm, z.object({ isSnoozed: z.boolean(), escalation: z.int().min(0) })),
  ),
  closed: z.array(Alarm),
  historical: z.array(HistoricalEpisode),
  settings: SettingsEntry.nullable(),
  scale2: z.object({ prescriberId: Identifier, fromMs: MomentMs }).nullable(),
});

/** A device with a time at which it measured. */
export interface DeviceMoment {
  readonly deviceId: string;
  readonly atMs: number;
}
const DeviceMoments: z.ZodType<readonly DeviceMoment[]> = z
  .array(z.strictObject({ deviceId: Identifier, atMs: MomentMs }))
  .min(1)
  .max(MAX_ALARM_DEVICES);

/** Input of `vitals:AlarmStates`, by the custodian's ingest service. */
export interface AlarmStatesInput {
  readonly devices: readonly DeviceMoment[];
}
export const AlarmStatesInput: z.ZodType<AlarmStatesInput> = z.strictObject({
  devices: DeviceMoments,
});

/** Who wears a device, with the time; all null when it is not the caller's or nobody wore it then. */
export interface Wearer {
  readonly deviceId: string;
  readonly patientId: string | null;
  /** Name of the patient's live hint topic. */
  readonly pseudonym: string | null;
}

/** What evaluating a patient's readings starts from. */
export interface PatientAlarms {
  readonly patientId: string;
  /** Of the stored state; 0 = none is stored. */
  readonly revision: number;
  /** With the deeds that practitioners have done since. */
  readonly state: AlarmState;
  readonly settings: AlarmSettings;
}

/** Answer of `vitals:AlarmStates`. */
export interface AlarmStatesOutput {
  /** In the order of the input. */
  readonly wearers: readonly Wearer[];
  /** Each wearer once. */
  readonly patients: readonly PatientAlarms[];
}
export const AlarmStatesOutput: z.ZodType<AlarmStatesOutput> = z.object({
  wearers: z.array(
    z.object({
      deviceId: Identifier,
      patientId: Identifier.nullable(),
      pseudonym: Identifier.nullable(),
    }),
  ),
  patients: z.array(
    z.object({
      patientId: Identifier,
      revision: z.int().min(0),
      state: AlarmState,
      settings: AlarmSettings,
    }),
  ),
});

/** A patient's new alarms, for who evaluated readings. */
export interface AlarmRecording {
  readonly patientId: string;
  /** Whose readings changed them; the patient must have worn each of them then. */
  readonly devices: readonly DeviceMoment[];
  /** Revision that the evaluation started from. */
  readonly baseRevision: number;
  readonly state: AlarmState;
  readonly saltHex: string;
}

/** Input of `vitals:RecordAlarms`, by the custodian's ingest service. */
export interface RecordAlarmsInput {
  readonly patients: readonly AlarmRecording[];
}
export const RecordAlarmsInput: z.ZodType<RecordAlarmsInput> = z.strictObject({
  patients: z
    .array(
      z.strictObject({
        patientId: Identifier,
        devices: DeviceMoments,
        baseRevision: z.int().min(0),
        state: AlarmState,
        saltHex: SaltHex,
      }),
    )
    .min(1)
    .max(MAX_ALARM_DEVICES),
});

/** `stale`: somebody else wrote in between, evaluate anew; `refused`: the patient did not wear such a device. */
export const ALARM_RECORDING_RESULTS = ['recorded', 'stale', 'refused'] as const;
export type AlarmRecordingResult = (typeof ALARM_RECORDING_RESULTS)[number];

/** Public answer of `vitals:RecordAlarms`, in the order of the input. */
export interface RecordAlarmsOutput {
  readonly results: readonly AlarmRecordingResult[];
}
export const RecordAlarmsOutput: z.ZodType<RecordAlarmsOutput> = z.object({
  results: z.array(z.enum(ALARM_RECORDING_RESULTS)),
});

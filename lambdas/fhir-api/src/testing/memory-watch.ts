import {
  type AlarmDeed,
  type AlarmState,
  DEFAULT_SETTINGS,
  NO_ALARMS,
  openAlarms,
  PulseError,
  type SettingsEntry,
  withDeeds,
} from '@pulseledger/domain';
import type { WatchPort } from '../record/watch-port.ts';
import type { Caller } from '../smart/token.ts';
import type { MemoryRecord } from './memory-record.ts';

/** Alarms of the record's twin in memory. */
export class MemoryWatch {
  /** As ingest would have recorded them, by patient. */
  readonly states: Map<string, AlarmState> = new Map<string, AlarmState>();
  readonly #settings = new Map<string, SettingsEntry>();
  readonly #deeds: AlarmDeed[] = [];
  readonly #record: MemoryRecord;
  readonly #now: () => number;

  constructor(record: MemoryRecord, now: () => number) {
    this.#record = record;
    this.#now = now;
  }

  as(caller: Caller): WatchPort {
    const by = { by: caller.subjectId, mspId: 'HospitalMSP', atMs: this.#now() };
    return {
      readAlarms: async ({ patientId }) => {
        await this.#record.as(caller).readPatient({ patientId });
        return this.#read(patientId);
      },
      acknowledge: ({ patientId, alarmId, untilMs }) =>
        this.#act(caller, patientId, () => {
          this.#deeds.push({ alarmId, untilMs, ...by });
        }),
      setLimits: ({ patientId, settings, scale2 }) =>
        this.#act(caller, patientId, () => {
          if (scale2 !== null && caller.role !== 'doctor') throw new PulseError('access_denied');
          this.#settings.set(patientId, { ...settings, scale2, ...by });
        }),
    };
  }

  #act(caller: Caller, patientId: string, act: () => void): Promise<{ status: 'changed' }> {
    try {
      if (!this.#record.treats(patientId, caller)) throw new PulseError('access_denied');
      act();
      return Promise.resolve({ status: 'changed' });
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error('unknown'));
    }
  }

  #read(patientId: string): Awaited<ReturnType<WatchPort['readAlarms']>> {
    const state = withDeeds(this.states.get(patientId) ?? NO_ALARMS, this.#deeds);
    const settings = this.#settings.get(patientId) ?? null;
    const { by: prescriberId, atMs: fromMs } = settings ?? { by: '', atMs: 0 };
    return {
      open: openAlarms(state, [], this.#now()),
      closed: state.closed,
      historical: state.historical,
      settings: settings === null ? null : { ...DEFAULT_SETTINGS, ...settings },
      scale2: settings?.scale2 === true ? { prescriberId, fromMs } : null,
    };
  }
}

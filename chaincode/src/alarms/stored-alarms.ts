import {
  ALARM_KEYS,
  type AlarmDeed,
  type AlarmState,
  AlarmsDocument,
  DeedDocument,
  NO_ALARMS,
  type ReadAlarmsOutput,
  SettingsDocument,
  type SettingsEntry,
  withDeeds,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Deeds that are looked at; a patient with more open alarms than that is looked at by people. */
const MAX_DEEDS = 1_000;

/** What is in force of all settings that were made. */
interface Settings {
  /** Null = nobody set any. */
  readonly settings: SettingsEntry | null;
  readonly scale2: ReadAlarmsOutput['scale2'];
}

/** A patient's alarms with what practitioners did about them. */
export interface StoredAlarms extends Settings {
  readonly revision: number;
  /** Deeds included. */
  readonly state: AlarmState;
  readonly deeds: readonly AlarmDeed[];
}

/** The latest settings, and the latest word on the second scale, which may stand in earlier ones. */
async function settingsInForce(stub: LedgerStub, patientId: string): Promise<Settings> {
  const prefix = { objectType: 'watch-settings', attributes: [patientId] };
  let settings: SettingsEntry | null = null;
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    const { entry } = parseDocument(value, SettingsDocument);
    settings ??= entry;
    if (entry.scale2 === null) continue;
    const scale2 = entry.scale2 ? { prescriberId: entry.by, fromMs: entry.atMs } : null;
    return { settings, scale2 };
  }
  return { settings, scale2: null };
}

/** Since the oldest open alarm was raised, or since `sinceMs`: what was done before is in the state. */
async function deedsSince(
  stub: LedgerStub,
  patientId: string,
  sinceMs: number,
): Promise<readonly AlarmDeed[]> {
  const start = rangeStart(ALARM_KEYS.watchDeedsSince(patientId, sinceMs));
  const end = rangeEnd({ objectType: 'watch-deed', attributes: [patientId] });
  const deeds: AlarmDeed[] = [];
  for await (const { value } of entries(stub, start, end)) {
    deeds.push(parseDocument(value, DeedDocument).entry);
    if (deeds.length === MAX_DEEDS) break;
  }
  return deeds;
}

/** When the oldest open alarm was raised; undefined when none is open. */
function oldestRaised({ devices }: AlarmState): number | undefined {
  const raised = devices.flatMap(({ tracks }) =>
    tracks.flatMap(({ alarm }) => (alarm === null ? [] : [alarm.raisedAtMs])),
  );
  return raised.length === 0 ? undefined : Math.min(...raised);
}

/**
 * Everything known about a patient's alarms. It ranges, so only evaluated functions may ask.
 *
 * @param sinceMs deeds from then on are wanted in any case; left out, only those about open alarms.
 */
export async function storedAlarms(
  stub: LedgerStub,
  patientId: string,
  sinceMs?: number,
): Promise<StoredAlarms> {
  const document = await readDocument(stub, ALARM_KEYS.alarms(patientId), AlarmsDocument);
  const { revision, state } = document ?? { revision: 0, state: NO_ALARMS };
  const settings = await settingsInForce(stub, patientId);
  const since = [sinceMs, oldestRaised(state)].filter((ms) => ms !== undefined);
  const deeds = since.length === 0 ? [] : await deedsSince(stub, patientId, Math.min(...since));
  return { revision, state: withDeeds(state, deeds), deeds, ...settings };
}

import { AlarmsAnswer, type OpenAlarm, VITAL_CODES } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import { TEXT } from '../../text/en.ts';
import { ageText } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { signName } from '../vitals/signs.ts';

const { alarms: words } = TEXT;
/** Marks beside the colours, as on bedside monitors. */
const MARKS = { high: '***', medium: '**', low: '*' } as const;

/** Open alarms, the most urgent first; only they are announced to a screen reader. */
export function AlarmPanel({
  api,
  patientId,
  round,
  mayAcknowledge,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  readonly round: number;
  readonly mayAcknowledge: boolean;
}): JSX.Element {
  const nowMs = useNow();
  const [failure, setFailure] = useState<string>();
  const remote = useRemote(
    patientId,
    (signal) => api.ask(`patients/${patientId}/alarms`, AlarmsAnswer, { signal }),
    round,
  );
  const acknowledge = async (alarmId: string): Promise<void> => {
    const path = `patients/${patientId}/alarms/${encodeURIComponent(alarmId)}/acknowledge`;
    try {
      await api.ask(path, z.unknown(), { method: 'POST', body: { untilMs: null } });
      setFailure(undefined);
      remote.reload();
    } catch (error) {
      setFailure(error instanceof Failure ? error.message : TEXT.notUnderstood);
    }
  };
  return (
    <section class="panel" aria-labelledby="alarms-title">
      <h2 id="alarms-title">{words.title}</h2>
      {failure === undefined ? null : (
        <p class="notice error" role="alert">
          {failure}
        </p>
      )}
      <Loaded remote={remote} empty={({ open }) => (open.length === 0 ? words.none : undefined)}>
        {({ open }) => (
          <ul class="alarms" aria-live="polite">
            {open.map((alarm) => (
              <li key={alarm.alarmId} class={`alarm ${alarm.priority}`}>
                <span class="mark">
                  {MARKS[alarm.priority]} {words.priorities[alarm.priority]}
                </span>
                <span>
                  {alarmText(alarm)}, {ageText(alarm.raisedAtMs, nowMs, navigator.language)}
                  {alarm.endedAtMs === null ? '' : `, ${words.over}`}
                </span>
                {mayAcknowledge && alarm.acknowledgement === null ? (
                  <button type="button" onClick={() => void acknowledge(alarm.alarmId)}>
                    {words.acknowledge}
                  </button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

/** The sign and the limit that was passed, or what is wrong with the device. */
function alarmText({ rule, limit, extreme }: OpenAlarm): string {
  const [subject = '', condition = ''] = rule.split('.');
  const code = VITAL_CODES.find((known) => known === subject);
  const conditions: Readonly<Record<string, string>> = words.conditions;
  const name = code === undefined ? words.device : signName(code);
  const value = extreme === null || limit === null ? '' : ` ${String(extreme)} (${String(limit)})`;
  return `${name} ${conditions[condition] ?? condition}${value}`;
}

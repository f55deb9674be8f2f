import {
  EMERGENCY_REASONS,
  type EmergencyFindAnswer,
  EmergencyOpenAnswer,
  type EmergencyReason,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';

const { emergency: words } = TEXT;

export type FoundPatient = EmergencyFindAnswer['patients'][number];

/** Which of those found, and why; the patient and the supervisor are told at once. */
export function BreakGlass({
  api,
  patients,
  onOpen,
}: {
  readonly api: ApiClient;
  readonly patients: readonly FoundPatient[];
  readonly onOpen: (patientId: string, open: () => Promise<EmergencyOpenAnswer>) => Promise<void>;
}): JSX.Element {
  const [patientId, setPatientId] = useState(patients.length === 1 ? patients[0]?.patientId : '');
  const [reasonCode, setReasonCode] = useState<EmergencyReason>('unconscious');
  const [text, setText] = useState('');
  if (patients.length === 0) return <p class="empty">{words.nobody}</p>;
  const open = (): Promise<EmergencyOpenAnswer> => {
    const body = { patientId: patientId ?? '', reasonCode, text: text.trim() };
    return api.ask('emergency/open', EmergencyOpenAnswer, { method: 'POST', body });
  };
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void onOpen(patientId ?? '', open);
      }}
    >
      <h2>{words.why}</h2>
      <p>{words.told}</p>
      <fieldset class="choices">
        <legend>{words.found}</legend>
        {patients.map((patient, index) => (
          <label key={patient.patientId}>
            <input
              type="radio"
              name="patient"
              required
              checked={patient.patientId === patientId}
              onChange={() => {
                setPatientId(patient.patientId);
              }}
            />
            {nameOf(patient, index)}
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{words.reason}</legend>
        {EMERGENCY_REASONS.map((reason) => (
          <label key={reason}>
            <input
              type="radio"
              name="reason"
              checked={reason === reasonCode}
              onChange={() => {
                setReasonCode(reason);
              }}
            />
            {words.reasons[reason]}
          </label>
        ))}
      </fieldset>
      <label class="field">
        {words.inWords}
        <textarea
          value={text}
          required
          minLength={3}
          maxLength={500}
          onInput={(event) => {
            setText(event.currentTarget.value);
          }}
        />
      </label>
      <button type="submit" class="primary">
        {words.open}
      </button>
    </form>
  );
}

/** With a wristband no name is told before the opening. */
function nameOf({ given, gender }: FoundPatient, index: number): string {
  const name = [given, gender].filter((part) => part !== null).join(', ');
  return name === '' ? `${words.wearer} ${String(index + 1)}` : name;
}

import { PulseError, RecordAlarmsInput, RecordAlarmsOutput } from '@pulseledger/domain';
import type { LedgerTransaction } from '../messages.ts';

/**
 * The transaction that records patients' alarms, for who submits it in a batch.
 * @throws PulseError `invalid_input` for input that the contract would not take.
 */
export function recordAlarmsTransaction(input: RecordAlarmsInput): LedgerTransaction {
  const parsed = RecordAlarmsInput.safeParse(input);
  // The input's own values are a patient's.
  if (!parsed.success) throw new PulseError('invalid_input', 'The alarms have another form.');
  return { name: 'vitals:RecordAlarms', transient: { input: JSON.stringify(parsed.data) } };
}

/**
 * What the contract answered to {@link recordAlarmsTransaction}, one result a patient.
 * @throws PulseError `internal` when it is not in the agreed form.
 */
export function parseRecordAlarmsResult(result: Uint8Array): RecordAlarmsOutput {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(result).toString('utf8'));
  } catch {
    json = undefined;
  }
  const parsed = RecordAlarmsOutput.safeParse(json);
  if (!parsed.success) {
    throw new PulseError('internal', 'The contract answered in an unknown form.');
  }
  return parsed.data;
}

import { randomBytes } from 'node:crypto';
import {
  AcknowledgeInput,
  AlarmStatesInput,
  AlarmStatesOutput,
  ChangeOutput,
  ReadAlarmsInput,
  ReadAlarmsOutput,
  SALT_BYTES,
  SetLimitsInput,
  type Want,
} from '@pulseledger/domain';
import type { LedgerCalls } from '../ledger-calls.ts';

/** A patient, and the permit of a chart when the caller opened one. */
export interface AlarmReader {
  readonly patientId: string;
  readonly permitId?: string | undefined;
}

type Fresh = 'entryId' | 'saltHex';

function fresh(): Record<Fresh, string> {
  const random = (): string => randomBytes(SALT_BYTES).toString('hex');
  return { entryId: random(), saltHex: random() };
}

const AMEND: Want = { action: 'amend', recordClass: 'vitals' };
const PRESCRIBE: Want = { action: 'prescribe', recordClass: 'vitals' };

/** Alarms in business words. Every method throws PulseError only, as `RecordClient` does. */
export class AlarmClient {
  readonly #calls: LedgerCalls;

  constructor(calls: LedgerCalls) {
    this.#calls = calls;
  }

  /** `vitals:ReadAlarms`, by the patient or who treats them; the chart is opened when no permit is given. */
  readAlarms({ patientId, permitId }: AlarmReader): Promise<ReadAlarmsOutput> {
    return this.#calls.readOpened('vitals:ReadAlarms', {
      schema: ReadAlarmsInput,
      input: (permit) => ({ patientId, permitId: permit }),
      output: ReadAlarmsOutput,
      owner: { patientId },
      recordClass: 'vitals',
      permitId,
    });
  }

  /** `vitals:Acknowledge`, by a doctor or nurse who treats the patient; with `untilMs` the alarm is snoozed until then. */
  acknowledge(input: Omit<AcknowledgeInput, Fresh>): Promise<ChangeOutput> {
    return this.#calls.submitAttested('vitals:Acknowledge', {
      schema: AcknowledgeInput,
      input: { ...input, ...fresh() },
      output: ChangeOutput,
      request: { patientId: input.patientId, wants: [AMEND] },
    });
  }

  /** `vitals:SetLimits`, by a doctor or nurse who treats the patient; the second scale of NEWS2 by a doctor only. */
  setLimits(input: Omit<SetLimitsInput, Fresh>): Promise<ChangeOutput> {
    const wants = input.scale2 === null ? [AMEND] : [AMEND, PRESCRIBE];
    return this.#calls.submitAttested('vitals:SetLimits', {
      schema: SetLimitsInput,
      input: { ...input, ...fresh() },
      output: ChangeOutput,
      request: { patientId: input.patientId, wants },
    });
  }

  /** `vitals:AlarmStates`, by the custodian's ingest service: what evaluating readings of devices starts from. */
  alarmStates(input: AlarmStatesInput): Promise<AlarmStatesOutput> {
    return this.#calls.read('vitals:AlarmStates', AlarmStatesInput, input, AlarmStatesOutput);
  }
}

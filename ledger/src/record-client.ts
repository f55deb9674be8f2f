import {
  AssignDeviceInput,
  ChangeOutput,
  CloseHourInput,
  DeviceGaps,
  DeviceStatusInput,
  DeviceStatusOutput,
  DeviceView,
  EndAssignmentInput,
  EndTreatingInput,
  FindChunkInput,
  FindChunkOutput,
  joinChunks,
  ListDevicesOutput,
  ListGapsInput,
  ListGapsOutput,
  ListHourChunksInput,
  ListHourChunksOutput,
  ListOpenHoursInput,
  ListOpenHoursOutput,
  ListPatientsInput,
  ListPatientsOutput,
  ListTreatingOutput,
  LocateDeviceInput,
  LocateDeviceOutput,
  PatientInput,
  PatientView,
  PulseError,
  parseInput,
  ReadChunksOutput,
  ReadDeviceInput,
  ReadPatientInput,
  ReadSummariesOutput,
  ReadVitalsInput,
  ReceivedTimes,
  RecordChunksOutput,
  type RecordClass,
  RegisterDeviceInput,
  RegisterPatientInput,
  SetTreatingInput,
  SinceInput,
} from '@pulseledger/domain';
import type { z } from 'zod';
import type { BatchOptions } from './batch-signer.ts';
import { decode, encode } from './coding.ts';
import { LedgerCalls, type LedgerCallsOptions } from './ledger-calls.ts';
import type { LedgerTransaction } from './messages.ts';

const RECORD_CHUNKS = 'vitals:RecordChunks';
const CLOSE_HOUR = 'vitals:CloseHour';

/** Options of {@link RecordClient}. */
export type RecordClientOptions = LedgerCallsOptions;

/** Input of a function that demands an open chart: it is opened when no permit is given. */
export type Opened<Input> = Omit<Input, 'permitId'> & { readonly permitId?: string | undefined };

/** A device or reading whose patient need not be known: it is looked up, among those whom the caller may read. */
export type Located<Input> = Omit<Opened<Input>, 'patientId'> & {
  readonly patientId?: string | undefined;
};

/**
 * The record in business words: one method for each contract function, with checked input and output.
 *
 * Every method throws PulseError only: the contract's own codes (see docs/ERRORS.md), `invalid_input` for input that the
 * contract would not take, and `unauthenticated`, `throttled`, `timeout`, `unavailable`, `conflict` or
 * `commit_unknown` for what happens on the way.
 */
export class RecordClient {
  /** For clients of further contracts. */
  readonly calls: LedgerCalls;

  constructor(options: RecordClientOptions) {
    this.calls = new LedgerCalls(options);
  }

  /** `care:RegisterPatient`, by a doctor, nurse or administrator of a provider. */
  registerPatient(input: RegisterPatientInput): Promise<ChangeOutput> {
    return this.calls.change('care:RegisterPatient', RegisterPatientInput, input);
  }

  /** `care:SetTreating`, by the patient or an administrator of the practitioner's organization. */
  setTreating(input: SetTreatingInput): Promise<ChangeOutput> {
    return this.calls.change('care:SetTreating', SetTreatingInput, input);
  }

  /** `care:EndTreating`. */
  endTreating(input: EndTreatingInput): Promise<ChangeOutput> {
    return this.calls.change('care:EndTreating', EndTreatingInput, input);
  }

  /** `care:ListTreating`, by the patient, a representative, or who treats: live relations and ended ones. */
  listTreating(input: PatientInput): Promise<ListTreatingOutput> {
    return this.calls.read('care:ListTreating', PatientInput, input, ListTreatingOutput);
  }

  /** `device:Register`, by an administrator, whose organization becomes the custodian. */
  registerDevice(input: RegisterDeviceInput): Promise<ChangeOutput> {
    return this.calls.change('device:Register', RegisterDeviceInput, input);
  }

  /** `device:Assign`, by the custodian's administrator. */
  assignDevice(input: AssignDeviceInput): Promise<ChangeOutput> {
    return this.calls.change('device:Assign', AssignDeviceInput, input);
  }

  /** `device:EndAssignment`, by the custodian's administrator. */
  endAssignment(input: EndAssignmentInput): Promise<ChangeOutput> {
    return this.calls.change('device:EndAssignment', EndAssignmentInput, input);
  }

  /** `device:ReportLost`, by the custodian's administrator. */
  reportDeviceLost(input: SinceInput): Promise<ChangeOutput> {
    return this.calls.change('device:ReportLost', SinceInput, input);
  }

  /** `device:Revoke`, by the custodian's administrator. */
  revokeDevice(input: SinceInput): Promise<ChangeOutput> {
    return this.calls.change('device:Revoke', SinceInput, input);
  }

  /** `vitals:RecordChunks`, by the ingest service: signed chunks as they came, one result each, in order. */
  async recordChunks(chunks: readonly Uint8Array[]): Promise<RecordChunksOutput> {
    return decode(
      RecordChunksOutput,
      await this.calls.submitTransaction(recordChunksTransaction(chunks)),
    );
  }

  /** `vitals:ListOpenHours`, by the ingest service: what is to be closed. */
  listOpenHours(input: ListOpenHoursInput): Promise<ListOpenHoursOutput> {
    return this.calls.read('vitals:ListOpenHours', ListOpenHoursInput, input, ListOpenHoursOutput);
  }

  /** What `vitals:CloseHour` would answer, by the ingest service; nothing is changed. */
  tryClosingHour(input: CloseHourInput): Promise<ChangeOutput> {
    return this.calls.read(CLOSE_HOUR, CloseHourInput, input, ChangeOutput);
  }

  /**
   * `vitals:CloseHour` for several hours, by the ingest service, signed in one batch; repeating it is harmless.
   * @returns in their order what became of each; an error for one says nothing about another.
   * @throws PulseError when there is no identity to sign with, and for more than `MAX_BATCH_TRANSACTIONS`.
   */
  async closeHours(
    inputs: readonly CloseHourInput[],
    options: BatchOptions,
  ): Promise<(ChangeOutput | PulseError)[]> {
    const transactions = inputs.map((input) => ({
      name: CLOSE_HOUR,
      transient: { input: encode(CloseHourInput, input) },
    }));
    const outcomes = await this.calls.submitAll(transactions, options);
    return outcomes.map((outcome) =>
      outcome.status === 'committed' ? decode(ChangeOutput, outcome.result) : outcome.error,
    );
  }

  /** `vitals:ReadChunks`, by the patient or who treats them. */
  readChunks(input: Opened<ReadVitalsInput>): Promise<ReadChunksOutput> {
    return this.#readOpened('vitals:ReadChunks', ReadVitalsInput, input, {
      output: ReadChunksOutput,
      recordClass: 'vitals',
    });
  }

  /** `vitals:ReadMinutes`, by the patient or who treats them. */
  readMinutes(input: Opened<ReadVitalsInput>): Promise<ReadSummariesOutput> {
    return this.#readOpened('vitals:ReadMinutes', ReadVitalsInput, input, {
      output: ReadSummariesOutput,
      recordClass: 'vitals',
    });
  }

  /** `vitals:ReadHours`, by the patient or who treats them. */
  readHours(input: Opened<ReadVitalsInput>): Promise<ReadSummariesOutput> {
    return this.#readOpened('vitals:ReadHours', ReadVitalsInput, input, {
      output: ReadSummariesOutput,
      recordClass: 'vitals',
    });
  }

  /** `vitals:FindChunk`, by the patient or who treats them: the chunk that holds one reading. */
  async findChunk(input: Located<FindChunkInput>): Promise<FindChunkOutput> {
    const { deviceId, atMs } = input;
    const patientId = input.patientId ?? (await this.#wearerOf({ deviceId, atMs }));
    if (patientId === undefined) throw new PulseError('not_found');
    return this.#readOpened(
      'vitals:FindChunk',
      FindChunkInput,
      { ...input, patientId },
      {
        ...{ output: FindChunkOutput, recordClass: 'vitals' },
      },
    );
  }

  /** `vitals:ListHourChunks`, by the ingest service: what `closeHours` needs. */
  listHourChunks(input: ListHourChunksInput): Promise<ListHourChunksOutput> {
    return this.calls.read(
      'vitals:ListHourChunks',
      ListHourChunksInput,
      input,
      ListHourChunksOutput,
    );
  }

  /** `care:ReadPatient`, by the patient or who treats them. */
  readPatient(input: Opened<ReadPatientInput>): Promise<PatientView> {
    return this.#readOpened('care:ReadPatient', ReadPatientInput, input, {
      output: PatientView,
      recordClass: 'basics',
    });
  }

  /** `care:ListPatients`: whom the caller treats. */
  listPatients(input: ListPatientsInput): Promise<ListPatientsOutput> {
    return this.calls.read('care:ListPatients', ListPatientsInput, input, ListPatientsOutput);
  }

  /** `device:Read`. */
  readDevice(input: Located<ReadDeviceInput>): Promise<DeviceView> {
    return this.#readDevice('device:Read', input, DeviceView);
  }

  /** `device:ListByPatient`, by the patient or who treats them. */
  listDevicesByPatient(input: Opened<ReadPatientInput>): Promise<ListDevicesOutput> {
    return this.#readOpened('device:ListByPatient', ReadPatientInput, input, {
      output: ListDevicesOutput,
      recordClass: 'device',
    });
  }

  /** `device:ReadGaps`, by the patient, who treats them, or the custodian's administrator. */
  readGaps(input: Located<ReadDeviceInput>): Promise<DeviceGaps> {
    return this.#readDevice('device:ReadGaps', input, DeviceGaps);
  }

  /** `device:Locate`: whose chart to open to see a device. */
  locateDevice(input: LocateDeviceInput): Promise<LocateDeviceOutput> {
    return this.calls.read('device:Locate', LocateDeviceInput, input, LocateDeviceOutput);
  }

  /** `device:ListGaps`, by the custodian's administrator or ingest service. */
  listGaps(input: ListGapsInput): Promise<ListGapsOutput> {
    return this.calls.read('device:ListGaps', ListGapsInput, input, ListGapsOutput);
  }

  /** `device:Status`, by the custodian's ingest service. */
  deviceStatus(input: DeviceStatusInput): Promise<DeviceStatusOutput> {
    return this.calls.read('device:Status', DeviceStatusInput, input, DeviceStatusOutput);
  }

  #readOpened<In extends { readonly patientId: string; readonly permitId: string }, Out>(
    name: string,
    schema: z.ZodType<In>,
    input: Opened<In>,
    { output, recordClass }: { readonly output: z.ZodType<Out>; readonly recordClass: RecordClass },
  ): Promise<Out> {
    const { permitId } = input;
    const owner = { patientId: input.patientId };
    // The permit completes the input again; TypeScript cannot know that of a generic Omit.
    const complete = (permit: string): In => parseInput(schema, { ...input, permitId: permit });
    const call = { schema, output, owner, recordClass, permitId, input: complete };
    return this.calls.readOpened(name, call);
  }

  /** A person reads a device in the chart of who wore it; the custodian's administrator reads it as it is. */
  async #readDevice<Out>(
    name: string,
    input: Located<ReadDeviceInput>,
    output: z.ZodType<Out>,
  ): Promise<Out> {
    const { deviceId, permitId } = input;
    if ((await this.calls.role()) === 'administrator') {
      return this.calls.read(name, ReadDeviceInput, { deviceId }, output);
    }
    const patientId = input.patientId ?? (await this.#wearerOf({ deviceId }));
    if (patientId === undefined) throw new PulseError('not_found', 'There is no such device.');
    const owner = { patientId };
    const complete = (permit: string): ReadDeviceInput => ({
      deviceId,
      patientId,
      permitId: permit,
    });
    return this.calls.readOpened(name, {
      ...{ schema: ReadDeviceInput, output, owner, recordClass: 'device', permitId },
      input: complete,
    });
  }

  async #wearerOf(input: LocateDeviceInput): Promise<string | undefined> {
    const { patientIds } = await this.locateDevice(input);
    return patientIds[0];
  }
}

/**
 * The transaction that records signed chunks, in this order.
 * @param receivedAtMs - when each of them was received, for the report on what is missing.
 */
export function recordChunksTransaction(
  chunks: readonly Uint8Array[],
  receivedAtMs?: readonly number[],
): LedgerTransaction {
  const received =
    receivedAtMs === undefined ? {} : { received: encode(ReceivedTimes, receivedAtMs) };
  return { name: RECORD_CHUNKS, transient: { chunks: joinChunks(chunks), ...received } };
}

/**
 * What the contract answered to {@link recordChunksTransaction}.
 * @throws PulseError `internal` when it is not in the agreed form.
 */
export function parseRecordChunksResult(result: Uint8Array): RecordChunksOutput {
  return decode(RecordChunksOutput, result);
}

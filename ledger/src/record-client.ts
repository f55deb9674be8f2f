import {
  AlarmStatesInput,
  AlarmStatesOutput,
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
  PatientInput,
  PatientView,
  PROVIDER_MSP_IDS,
  PulseError,
  ReadChunksOutput,
  ReadDeviceInput,
  ReadSummariesOutput,
  ReadVitalsInput,
  ReceivedTimes,
  RecordChunksOutput,
  RegisterDeviceInput,
  RegisterPatientInput,
  SetTreatingInput,
  SinceInput,
} from '@pulseledger/domain';
import type { z } from 'zod';
import { type BatchOptions, BatchSigner } from './batch-signer.ts';
import type { LedgerConnection } from './connection.ts';
import { Evaluator } from './evaluator.ts';
import type { LedgerTransaction } from './messages.ts';
import type { SignatorySource } from './signatory.ts';

const RECORD_CHUNKS = 'vitals:RecordChunks';
const CLOSE_HOUR = 'vitals:CloseHour';

/** Options of {@link RecordClient}. */
export interface RecordClientOptions {
  readonly connection: LedgerConnection;
  readonly signatories: SignatorySource;
}

/**
 * The record in business words: one method for each contract function, with checked input and output.
 *
 * Every method throws PulseError only: the contract's own codes (see docs/ERRORS.md), `invalid_input` for input that the
 * contract would not take, and `unauthenticated`, `throttled`, `timeout`, `unavailable`, `conflict` or
 * `commit_unknown` for what happens on the way.
 */
export class RecordClient {
  readonly #evaluator: Evaluator;
  readonly #signer: BatchSigner;

  constructor(options: RecordClientOptions) {
    this.#evaluator = new Evaluator(options);
    this.#signer = new BatchSigner({ ...options, endorsers: PROVIDER_MSP_IDS });
  }

  /** `care:RegisterPatient`, by a doctor, nurse or administrator of a provider. */
  registerPatient(input: RegisterPatientInput): Promise<ChangeOutput> {
    return this.#change('care:RegisterPatient', RegisterPatientInput, input);
  }

  /** `care:SetTreating`, by the patient or an administrator of the practitioner's organization. */
  setTreating(input: SetTreatingInput): Promise<ChangeOutput> {
    return this.#change('care:SetTreating', SetTreatingInput, input);
  }

  /** `care:EndTreating`. */
  endTreating(input: EndTreatingInput): Promise<ChangeOutput> {
    return this.#change('care:EndTreating', EndTreatingInput, input);
  }

  /** `device:Register`, by an administrator, whose organization becomes the custodian. */
  registerDevice(input: RegisterDeviceInput): Promise<ChangeOutput> {
    return this.#change('device:Register', RegisterDeviceInput, input);
  }

  /** `device:Assign`, by the custodian's administrator. */
  assignDevice(input: AssignDeviceInput): Promise<ChangeOutput> {
    return this.#change('device:Assign', AssignDeviceInput, input);
  }

  /** `device:EndAssignment`, by the custodian's administrator. */
  endAssignment(input: EndAssignmentInput): Promise<ChangeOutput> {
    return this.#change('device:EndAssignment', EndAssignmentInput, input);
  }

  /** `device:ReportLost`, by the custodian's administrator. */
  reportDeviceLost(input: SinceInput): Promise<ChangeOutput> {
    return this.#change('device:ReportLost', SinceInput, input);
  }

  /** `device:Revoke`, by the custodian's administrator. */
  revokeDevice(input: SinceInput): Promise<ChangeOutput> {
    return this.#change('device:Revoke', SinceInput, input);
  }

  /** `vitals:RecordChunks`, by the ingest service: signed chunks as they came, one result each, in order. */
  async recordChunks(chunks: readonly Uint8Array[]): Promise<RecordChunksOutput> {
    return parse(RecordChunksOutput, await this.#submit(recordChunksTransaction(chunks)));
  }

  /** `vitals:ListOpenHours`, by the ingest service: what is to be closed. */
  listOpenHours(input: ListOpenHoursInput): Promise<ListOpenHoursOutput> {
    return this.#read('vitals:ListOpenHours', ListOpenHoursInput, input, ListOpenHoursOutput);
  }

  /** What `vitals:CloseHour` would answer, by the ingest service; nothing is changed. */
  tryClosingHour(input: CloseHourInput): Promise<ChangeOutput> {
    return this.#read(CLOSE_HOUR, CloseHourInput, input, ChangeOutput);
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
    const outcomes = await this.#signer.submitAll(transactions, options);
    return outcomes.map((outcome) =>
      outcome.status === 'committed' ? parse(ChangeOutput, outcome.result) : outcome.error,
    );
  }

  /** `vitals:ReadChunks`, by the patient or who treats them. */
  readChunks(input: ReadVitalsInput): Promise<ReadChunksOutput> {
    return this.#read('vitals:ReadChunks', ReadVitalsInput, input, ReadChunksOutput);
  }

  /** `vitals:ReadMinutes`, by the patient or who treats them. */
  readMinutes(input: ReadVitalsInput): Promise<ReadSummariesOutput> {
    return this.#read('vitals:ReadMinutes', ReadVitalsInput, input, ReadSummariesOutput);
  }

  /** `vitals:ReadHours`, by the patient or who treats them. */
  readHours(input: ReadVitalsInput): Promise<ReadSummariesOutput> {
    return this.#read('vitals:ReadHours', ReadVitalsInput, input, ReadSummariesOutput);
  }

  /** `vitals:FindChunk`, by the patient or who treats them: the chunk that holds one reading. */
  findChunk(input: FindChunkInput): Promise<FindChunkOutput> {
    return this.#read('vitals:FindChunk', FindChunkInput, input, FindChunkOutput);
  }

  /** `vitals:ListHourChunks`, by the ingest service: what `closeHours` needs. */
  listHourChunks(input: ListHourChunksInput): Promise<ListHourChunksOutput> {
    return this.#read('vitals:ListHourChunks', ListHourChunksInput, input, ListHourChunksOutput);
  }

  /** `care:ReadPatient`, by the patient or who treats them. */
  readPatient(input: PatientInput): Promise<PatientView> {
    return this.#read('care:ReadPatient', PatientInput, input, PatientView);
  }

  /** `care:ListPatients`: whom the caller treats. */
  listPatients(input: ListPatientsInput): Promise<ListPatientsOutput> {
    return this.#read('care:ListPatients', ListPatientsInput, input, ListPatientsOutput);
  }

  /** `device:Read`. */
  readDevice(input: ReadDeviceInput): Promise<DeviceView> {
    return this.#read('device:Read', ReadDeviceInput, input, DeviceView);
  }

  /** `device:ListByPatient`, by the patient or who treats them. */
  listDevicesByPatient(input: PatientInput): Promise<ListDevicesOutput> {
    return this.#read('device:ListByPatient', PatientInput, input, ListDevicesOutput);
  }

  /** `device:ReadGaps`, by the patient, who treats them, or the custodian's administrator. */
  readGaps(input: ReadDeviceInput): Promise<DeviceGaps> {
    return this.#read('device:ReadGaps', ReadDeviceInput, input, DeviceGaps);
  }

  /** `device:ListGaps`, by the custodian's administrator or ingest service. */
  listGaps(input: ListGapsInput): Promise<ListGapsOutput> {
    return this.#read('device:ListGaps', ListGapsInput, input, ListGapsOutput);
  }

  /** `device:Status`, by the custodian's ingest service. */
  deviceStatus(input: DeviceStatusInput): Promise<DeviceStatusOutput> {
    return this.#read('device:Status', DeviceStatusInput, input, DeviceStatusOutput);
  }

  /** `vitals:AlarmStates`, by the custodian's ingest service: what evaluating readings of devices starts from. */
  alarmStates(input: AlarmStatesInput): Promise<AlarmStatesOutput> {
    return this.#read('vitals:AlarmStates', AlarmStatesInput, input, AlarmStatesOutput);
  }

  async #read<In, Out>(
    name: string,
    inputSchema: z.ZodType<In>,
    input: In,
    outputSchema: z.ZodType<Out>,
  ): Promise<Out> {
    const transaction = { name, transient: { input: encode(inputSchema, input) } };
    return parse(outputSchema, await this.#evaluator.evaluate(transaction));
  }

  async #change<In>(name: string, schema: z.ZodType<In>, input: In): Promise<ChangeOutput> {
    const transaction = { name, transient: { input: encode(schema, input) } };
    return parse(ChangeOutput, await this.#submit(transaction));
  }

  async #submit(transaction: LedgerTransaction): Promise<Uint8Array> {
    const [outcome] = await this.#signer.submitAll([transaction], { concurrency: 1 });
    if (outcome === undefined) {
      throw new PulseError('internal');
    }
    if (outcome.status === 'committed') {
      return outcome.result;
    }
    throw outcome.error;
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
  return parse(RecordChunksOutput, result);
}

/** Zod quotes what it refuses; so only the names of the fields are passed on. */
function encode<T>(schema: z.ZodType<T>, input: T): string {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map((issue) => issue.path.join('.') || '(input)'));
    throw new PulseError('invalid_input', `Not as expected: ${[...fields].join(', ')}.`);
  }
  return JSON.stringify(parsed.data);
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new PulseError('internal', 'The contract answered in an unknown form.');
  }
  return parsed.data;
}

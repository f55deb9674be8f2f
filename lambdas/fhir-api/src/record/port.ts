import {
  type Chunk,
  type DeviceGaps,
  type DeviceView,
  decodeChunk,
  type FindChunkInput,
  type FindChunkOutput,
  type ListDevicesOutput,
  type ListGapsInput,
  type ListGapsOutput,
  type PatientInput,
  type PatientView,
  PulseError,
  type ReadChunksOutput,
  type ReadDeviceInput,
  type ReadVitalsInput,
} from '@pulseledger/domain';

/**
 * The record as one caller may read it. The ledger's client has this shape; each method is the contract function of
 * the same name and decides itself whether the caller may. All throw PulseError.
 */
export interface RecordPort {
  readChunks(input: ReadVitalsInput): Promise<ReadChunksOutput>;
  findChunk(input: FindChunkInput): Promise<FindChunkOutput>;
  readPatient(input: PatientInput): Promise<PatientView>;
  readDevice(input: ReadDeviceInput): Promise<DeviceView>;
  listDevicesByPatient(input: PatientInput): Promise<ListDevicesOutput>;
  readGaps(input: ReadDeviceInput): Promise<DeviceGaps>;
  listGaps(input: ListGapsInput): Promise<ListGapsOutput>;
}

/**
 * The same record, where what a caller may not read looks exactly like what does not exist: `not_found`, whatever the
 * contract says, so that nobody can find out by asking who is a patient here.
 */
export function concealing(record: RecordPort): RecordPort {
  return {
    readChunks: (input) => conceal(record.readChunks(input)),
    findChunk: (input) => conceal(record.findChunk(input)),
    readPatient: (input) => conceal(record.readPatient(input)),
    readDevice: (input) => conceal(record.readDevice(input)),
    listDevicesByPatient: (input) => conceal(record.listDevicesByPatient(input)),
    readGaps: (input) => conceal(record.readGaps(input)),
    // It names nobody: whoever may not is told so.
    listGaps: (input) => record.listGaps(input),
  };
}

/** The one answer for "does not exist" and "not for you". */
export function nothingToSee(cause?: unknown): PulseError {
  return new PulseError(
    'not_found',
    'either it does not exist, or it belongs to a patient whom you do not treat at present',
    { cause },
  );
}

async function conceal<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    const isHidden =
      error instanceof PulseError && ['access_denied', 'not_found'].includes(error.code);
    throw isHidden ? nothingToSee(error) : error;
  }
}

/** @throws PulseError `internal` when the ledger gives back something that is not a chunk. */
export function decodeStored(bytes: Uint8Array): Chunk {
  try {
    return decodeChunk(bytes);
  } catch (error) {
    throw new PulseError('internal', 'a stored chunk cannot be decoded', { cause: error });
  }
}

import {
  type DeviceGaps,
  type DeviceView,
  decodeChunk,
  type FindChunkInput,
  type FindChunkOutput,
  type ListDevicesOutput,
  type ListGapsInput,
  type ListGapsOutput,
  type PatientView,
  PulseError,
  type ReadChunksOutput,
  type ReadVitalsInput,
} from '@pulseledger/domain';
import type { RecordedChunk } from '../vitals/signs.ts';

/** Of a chart that is open already; the ledger's client opens one where there is none. */
export interface WithPermit {
  readonly permitId?: string | undefined;
}

/** Readings that start in [fromMs, toMs). Whoever asks the ledger adds the permit of an open chart. */
export type VitalsInput = Omit<ReadVitalsInput, 'permitId'> & WithPermit;
/** A reading, by what its id says. */
export type ReadingPlace = Omit<FindChunkInput, 'patientId' | 'permitId'>;

/**
 * A patient's vital signs, devices and basics as one caller may read them. The ledger's client has this shape; each
 * method is the contract function of the same name and decides itself whether the caller may. All throw PulseError.
 */
export interface RecordPort {
  readChunks(input: VitalsInput): Promise<ReadChunksOutput>;
  findChunk(input: ReadingPlace): Promise<FindChunkOutput>;
  readPatient(input: { readonly patientId: string } & WithPermit): Promise<PatientView>;
  readDevice(input: { readonly deviceId: string }): Promise<DeviceView>;
  listDevicesByPatient(
    input: { readonly patientId: string } & WithPermit,
  ): Promise<ListDevicesOutput>;
  readGaps(input: { readonly deviceId: string }): Promise<DeviceGaps>;
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

/** A chunk as the ledger gives it back. */
export interface StoredChunk {
  readonly bytes: Uint8Array;
  /** When it was recorded, if that was late. */
  readonly lateRecordedAtMs: number | undefined;
}

/** The chunks of a page, each with what is said about it. */
export function storedChunks({ chunks, late = [] }: ReadChunksOutput): StoredChunk[] {
  const recordedAt = new Map(late.map(({ index, recordedAtMs }) => [index, recordedAtMs]));
  return chunks.map((chunk, index) => ({
    bytes: Buffer.from(chunk, 'base64'),
    lateRecordedAtMs: recordedAt.get(index),
  }));
}

/** @throws PulseError `internal` when the ledger gives back something that is not a chunk. */
export function decodeStored({ bytes, lateRecordedAtMs }: StoredChunk): RecordedChunk {
  try {
    return { ...decodeChunk(bytes), lateRecordedAtMs };
  } catch (error) {
    throw new PulseError('internal', 'a stored chunk cannot be decoded', { cause: error });
  }
}

import { CHUNK_HOUR_MS } from '../chunk/limits.ts';

/** A composite key in parts, as Fabric's createCompositeKey takes them. */
export interface RecordKey {
  readonly objectType: string;
  readonly attributes: readonly string[];
}

/** What makes a chunk this chunk. */
export interface ChunkIdentity {
  readonly deviceId: string;
  readonly boot: number;
  readonly firstSequence: number;
}

/** Digits of numbers in keys, so that keys sort as their numbers do. */
const HOUR_DIGITS = 8;
const BOOT_DIGITS = 10;
const SEQUENCE_DIGITS = 15;

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Number of the UTC hour that holds a moment. */
export function hourOf(atMs: number): number {
  return Math.floor(atMs / CHUNK_HOUR_MS);
}

/** An hour's number as it stands in keys. */
export function hourAttribute(hour: number): string {
  return digits(hour, HOUR_DIGITS);
}

/** Device, boot and first sequence as they stand in a chunk's key. */
export function chunkAttributes(chunk: ChunkIdentity): readonly [string, string, string] {
  return [
    chunk.deviceId,
    digits(chunk.boot, BOOT_DIGITS),
    digits(chunk.firstSequence, SEQUENCE_DIGITS),
  ];
}

/** Every key of the record; all but `root` are keys of the providers' collection. */
export const RECORD_KEYS: {
  readonly patient: (patientId: string) => RecordKey;
  readonly treating: (patientId: string, practitionerId: string) => RecordKey;
  readonly treated: (practitionerId: string, patientId: string) => RecordKey;
  readonly device: (deviceId: string) => RecordKey;
  readonly worn: (patientId: string, deviceId: string) => RecordKey;
  readonly boot: (deviceId: string, boot: number) => RecordKey;
  readonly chunk: (patientId: string, hour: number, chunk: ChunkIdentity) => RecordKey;
  /** That this chunk came late. */
  readonly late: (patientId: string, hour: number, chunk: ChunkIdentity) => RecordKey;
  readonly hour: (patientId: string, hour: number) => RecordKey;
  /** That an hour has chunks which its summary does not count; by hour first, for who looks for them. */
  readonly open: (hour: number, patientId: string) => RecordKey;
  /** Public: Merkle root of a transaction's chunks. */
  readonly root: (transactionId: string) => RecordKey;
} = {
  patient: (patientId) => ({ objectType: 'patient', attributes: [patientId] }),
  treating: (patientId, practitionerId) => ({
    objectType: 'treating',
    attributes: [patientId, practitionerId],
  }),
  treated: (practitionerId, patientId) => ({
    objectType: 'treated',
    attributes: [practitionerId, patientId],
  }),
  device: (deviceId) => ({ objectType: 'device', attributes: [deviceId] }),
  worn: (patientId, deviceId) => ({ objectType: 'worn', attributes: [patientId, deviceId] }),
  boot: (deviceId, boot) => ({
    objectType: 'boot',
    attributes: [deviceId, digits(boot, BOOT_DIGITS)],
  }),
  chunk: (patientId, hour, chunk) => ({
    objectType: 'chunk',
    attributes: [patientId, hourAttribute(hour), ...chunkAttributes(chunk)],
  }),
  late: (patientId, hour, chunk) => ({
    objectType: 'late',
    attributes: [patientId, hourAttribute(hour), ...chunkAttributes(chunk)],
  }),
  hour: (patientId, hour) => ({ objectType: 'hour', attributes: [patientId, hourAttribute(hour)] }),
  open: (hour, patientId) => ({ objectType: 'open', attributes: [hourAttribute(hour), patientId] }),
  root: (transactionId) => ({ objectType: 'root', attributes: [transactionId] }),
};

const SEPARATOR = '\u0000';

/** The key's text in the ledger, the same that Fabric's createCompositeKey makes. */
export function compositeKey({ objectType, attributes }: RecordKey): string {
  return SEPARATOR + [objectType, ...attributes].map((part) => part + SEPARATOR).join('');
}

/** The parts of a composite key's text; undefined when it is none. */
export function splitCompositeKey(text: string): RecordKey | undefined {
  const [start, objectType, ...attributes] = text.split(SEPARATOR);
  if (start !== '' || objectType === undefined || attributes.pop() !== '') return undefined;
  return { objectType, attributes };
}

/** A chunk among those of an hour, as `vitals:ListHourChunks` and `vitals:CloseHour` write it. */
export function chunkKeyText(chunk: ChunkIdentity): string {
  return chunkAttributes(chunk).join('.');
}

/** Takes {@link chunkKeyText} apart; the text was checked by its schema. */
export function parseChunkKeyText(text: string): ChunkIdentity {
  const [deviceId = '', boot, firstSequence] = text.split('.');
  return { deviceId, boot: Number(boot), firstSequence: Number(firstSequence) };
}

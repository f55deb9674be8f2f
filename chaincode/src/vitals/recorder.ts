import {
  type ChunkHeader,
  type ChunkResult,
  checkChunk,
  hourOf,
  LATE_AFTER_MS,
  type LateDocument,
  PROVIDERS_COLLECTION,
  PulseError,
  type QuarantineReason,
  RECORD_KEYS,
  type SequenceRange,
  splitSignature,
} from '@pulseledger/domain';
import { isSigned, sha256 } from '../crypto.ts';
import { assignmentDuring } from '../device/assignments.ts';
import { ledgerKey, writeDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { refusalOf } from './judge-chunk.ts';
import { intersects, MAX_RANGES, withRange } from './ranges.ts';
import { RecordedDevice } from './recorded-device.ts';

function refused(reason: QuarantineReason): ChunkResult {
  return { status: 'refused', reason };
}

/** Header of a chunk, or why it is none. */
function headerOf(chunk: Uint8Array): ChunkHeader | QuarantineReason {
  try {
    return checkChunk(chunk);
  } catch (error) {
    const isOversize = error instanceof PulseError && error.code === 'oversize';
    if (isOversize) return 'oversize';
    if (error instanceof PulseError) return 'malformed';
    throw error;
  }
}

/** A chunk that is signed by a device that somebody wore. */
interface Admitted {
  readonly chunk: Uint8Array;
  readonly header: ChunkHeader;
  readonly device: RecordedDevice;
  readonly patientId: string;
  readonly key: string;
  readonly receivedAtMs: number | undefined;
}

/** Admits the chunks of one transaction, one after the other; one refused never fails another. */
export class Recorder {
  readonly #stub: LedgerStub;
  readonly #custodian: string;
  readonly #nowMs: number;
  readonly #devices = new Map<string, RecordedDevice | undefined>();
  /** Digests of what this transaction writes, because a read of the ledger would not show them. */
  readonly #written = new Map<string, Uint8Array>();
  readonly #recorded: Uint8Array[] = [];
  /** The mark of each hour that is open now: digest of a chunk that its summary does not count. */
  readonly #opened = new Map<string, Uint8Array>();

  constructor(stub: LedgerStub, custodian: string, nowMs: number) {
    this.#stub = stub;
    this.#custodian = custodian;
    this.#nowMs = nowMs;
  }

  /** The chunks recorded so far, in order. */
  get recorded(): readonly Uint8Array[] {
    return this.#recorded;
  }

  async #device(deviceId: string): Promise<RecordedDevice | undefined> {
    if (!this.#devices.has(deviceId)) {
      const device = await RecordedDevice.load(this.#stub, deviceId, this.#custodian);
      this.#devices.set(deviceId, device);
    }
    return this.#devices.get(deviceId);
  }

  /**
   * Check one chunk, and write it when it is new and nothing speaks against it.
   *
   * @param receivedAtMs when ingest says that it was received
   */
  async admit(chunk: Uint8Array, receivedAtMs?: number): Promise<ChunkResult> {
    const header = headerOf(chunk);
    if (typeof header === 'string') return refused(header);
    const device = await this.#device(header.deviceId);
    if (device === undefined) return refused('unknown_device');
    const { body, signature } = splitSignature(chunk);
    if (!isSigned(body, signature, device.document.publicKeySpkiBase64)) {
      return refused('bad_signature');
    }
    const { assignments } = device.document;
    const worn = assignmentDuring(assignments, header.startMs, header.endMs);
    if (worn === undefined) return refused('not_assigned');
    const { patientId } = worn;
    const key = ledgerKey(this.#stub, RECORD_KEYS.chunk(patientId, hourOf(header.startMs), header));
    return this.#write({ chunk, header, device, patientId, key, receivedAtMs });
  }

  async #write(admitted: Admitted): Promise<ChunkResult> {
    const { chunk, header, device, key, receivedAtMs } = admitted;
    const { boot, firstSequence, count, startMs, endMs } = header;
    const range: SequenceRange = [firstSequence, firstSequence + count - 1];
    const ranges = await device.ranges(boot);
    if (intersects(ranges, range)) return this.#repeated(chunk, key);
    const reason = refusalOf(device.document, header, this.#nowMs);
    if (reason !== undefined) return refused(reason);
    if (withRange(ranges, range).length > MAX_RANGES) return refused('too_many_gaps');
    const nowMs = this.#nowMs;
    const digest = sha256(chunk);
    if (device.opens(boot, hourOf(startMs), nowMs)) {
      const open = RECORD_KEYS.open(hourOf(startMs), admitted.patientId);
      this.#opened.set(ledgerKey(this.#stub, open), digest);
    }
    await device.add(boot, range, { startMs, endMs, receivedAtMs, nowMs });
    await this.#stub.putPrivateData(PROVIDERS_COLLECTION, key, chunk);
    if (nowMs - endMs > LATE_AFTER_MS) await this.#flagLate(admitted);
    this.#written.set(key, digest);
    this.#recorded.push(chunk);
    return { status: 'recorded' };
  }

  async #flagLate({ header, device, patientId }: Admitted): Promise<void> {
    const key = RECORD_KEYS.late(patientId, hourOf(header.startMs), header);
    const { saltHex } = device.document;
    const late: LateDocument = { recordedAtMs: this.#nowMs, saltHex };
    await writeDocument(this.#stub, key, late);
  }

  /** Some of its sequences are recorded: is it this chunk again, or another one? */
  async #repeated(chunk: Uint8Array, key: string): Promise<ChunkResult> {
    const digest =
      this.#written.get(key) ?? (await this.#stub.getPrivateDataHash(PROVIDERS_COLLECTION, key));
    if (digest.length === 0) return refused('overlap');
    return Buffer.compare(digest, sha256(chunk)) === 0
      ? { status: 'already' }
      : refused('sequence_conflict');
  }

  /** Write the state of every device whose chunks were recorded, and which hours are open because of them. */
  async finish(): Promise<void> {
    for (const device of this.#devices.values()) await device?.store();
    for (const [key, mark] of this.#opened) {
      await this.#stub.putPrivateData(PROVIDERS_COLLECTION, key, mark);
    }
  }
}

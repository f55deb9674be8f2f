import {
  type BootActivity,
  BootDocument,
  DeviceDocument,
  hourOf,
  RECORD_KEYS,
  type SequenceRange,
} from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { type Arrival, withArrival } from './activity.ts';
import { withRange } from './ranges.ts';

/** What is kept of a boot, and whether this transaction added to it. */
interface BootState {
  readonly ranges: readonly SequenceRange[];
  readonly activity: BootActivity | null;
  readonly isChanged: boolean;
}

/**
 * A device while a transaction records its chunks. The ledger does not show a transaction its own
 * writes, so what is recorded is kept here and written once at the end: the usual chunk costs no
 * more than its own put.
 */
export class RecordedDevice {
  readonly document: DeviceDocument;
  readonly #stub: LedgerStub;
  readonly #boots = new Map<number, BootState>();
  #boot: number | null;
  #latestHour: number | null;

  constructor(stub: LedgerStub, document: DeviceDocument) {
    this.#stub = stub;
    this.document = document;
    this.#boot = document.boot;
    this.#latestHour = document.latestHour;
    const { boot, ranges, activity } = document;
    if (boot !== null) this.#boots.set(boot, { ranges, activity, isChanged: false });
  }

  /** The device of this custodian, or undefined: another custodian's device is as unknown as none. */
  static async load(
    stub: LedgerStub,
    deviceId: string,
    custodian: string,
  ): Promise<RecordedDevice | undefined> {
    const document = await readDocument(stub, RECORD_KEYS.device(deviceId), DeviceDocument);
    return document?.custodian === custodian ? new RecordedDevice(stub, document) : undefined;
  }

  /** Sequences recorded for a boot, with those of this transaction. */
  async ranges(boot: number): Promise<readonly SequenceRange[]> {
    return (await this.#state(boot)).ranges;
  }

  async #state(boot: number): Promise<BootState> {
    const known = this.#boots.get(boot);
    if (known !== undefined) return known;
    // No chunk of a boot beyond the highest seen can be recorded, so there is nothing to read.
    const isNew = this.#boot === null || boot > this.#boot;
    const stored = isNew ? undefined : await this.#readBoot(boot);
    const { ranges, activity } = stored ?? { ranges: [], activity: null };
    const state = { ranges, activity, isChanged: false };
    this.#boots.set(boot, state);
    return state;
  }

  #readBoot(boot: number): Promise<BootDocument | undefined> {
    const key = RECORD_KEYS.boot(this.document.deviceId, boot);
    return readDocument(this.#stub, key, BootDocument);
  }

  /**
   * Is a chunk of this hour the first that its patient's hour has of this boot, or did it come after the hour? Every other
   * one finds the hour marked as open, since no hour is closed before it is over.
   */
  opens(boot: number, hour: number, nowMs: number): boolean {
    return boot !== this.#boot || hour !== this.#latestHour || hourOf(nowMs) > hour;
  }

  /** Count these sequences as recorded. */
  async add(boot: number, range: SequenceRange, arrival: Arrival): Promise<void> {
    const { ranges, activity } = await this.#state(boot);
    this.#boots.set(boot, {
      ranges: withRange(ranges, range),
      activity: withArrival(activity, arrival),
      isChanged: true,
    });
    if (this.#boot === null || boot > this.#boot) {
      // The boot before moves out of the device's document into one of its own.
      if (this.#boot !== null) await this.#touch(this.#boot);
      this.#boot = boot;
      this.#latestHour = null;
    }
    const hour = hourOf(arrival.startMs);
    if (boot === this.#boot) this.#latestHour = Math.max(this.#latestHour ?? hour, hour);
  }

  async #touch(boot: number): Promise<void> {
    this.#boots.set(boot, { ...(await this.#state(boot)), isChanged: true });
  }

  /** Write what changed: the device's document with its highest boot, and each earlier boot. */
  async store(): Promise<void> {
    const { deviceId, saltHex } = this.document;
    for (const [boot, { ranges, activity, isChanged }] of this.#boots) {
      if (!isChanged) continue;
      if (boot === this.#boot) {
        const latestHour = this.#latestHour;
        const document = { ...this.document, boot, ranges, activity, latestHour };
        await writeDocument(this.#stub, RECORD_KEYS.device(deviceId), document);
      } else {
        const document: BootDocument = { ranges, activity, saltHex };
        await writeDocument(this.#stub, RECORD_KEYS.boot(deviceId, boot), document);
      }
    }
  }
}

import { BootDocument, DeviceDocument, RECORD_KEYS, type SequenceRange } from '@pulseledger/domain';
import { readDocument, writeDocument } from '../store/documents.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { withRange } from './ranges.ts';

/**
 * A device while a transaction records its chunks. The ledger does not show a transaction its own
 * writes, so what is recorded is kept here and written once at the end: the usual chunk costs no
 * more than its own put.
 */
export class RecordedDevice {
  readonly document: DeviceDocument;
  readonly #stub: LedgerStub;
  readonly #ranges = new Map<number, readonly SequenceRange[]>();
  readonly #changed = new Set<number>();
  #boot: number | null;

  constructor(stub: LedgerStub, document: DeviceDocument) {
    this.#stub = stub;
    this.document = document;
    this.#boot = document.boot;
    if (document.boot !== null) this.#ranges.set(document.boot, document.ranges);
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
    const known = this.#ranges.get(boot);
    if (known !== undefined) return known;
    // No chunk of a boot beyond the highest seen can be recorded, so there is nothing to read.
    const isNew = this.#boot === null || boot > this.#boot;
    const stored = isNew ? undefined : await this.#readBoot(boot);
    const ranges = stored?.ranges ?? [];
    this.#ranges.set(boot, ranges);
    return ranges;
  }

  #readBoot(boot: number): Promise<BootDocument | undefined> {
    const key = RECORD_KEYS.boot(this.document.deviceId, boot);
    return readDocument(this.#stub, key, BootDocument);
  }

  /** Count these sequences as recorded. */
  async add(boot: number, range: SequenceRange): Promise<void> {
    this.#ranges.set(boot, withRange(await this.ranges(boot), range));
    this.#changed.add(boot);
    if (this.#boot === null || boot > this.#boot) {
      // The boot before moves out of the device's document into one of its own.
      if (this.#boot !== null) this.#changed.add(this.#boot);
      this.#boot = boot;
    }
  }

  /** Write what changed: the device's document with its highest boot, and each earlier boot. */
  async store(): Promise<void> {
    const { deviceId, saltHex } = this.document;
    for (const boot of this.#changed) {
      const ranges = await this.ranges(boot);
      if (boot === this.#boot) {
        const document = { ...this.document, boot, ranges };
        await writeDocument(this.#stub, RECORD_KEYS.device(deviceId), document);
      } else {
        const document: BootDocument = { ranges, saltHex };
        await writeDocument(this.#stub, RECORD_KEYS.boot(deviceId, boot), document);
      }
    }
  }
}

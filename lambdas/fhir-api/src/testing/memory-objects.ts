import type { ObjectStore } from '@pulseledger/ledger';

/** A bucket in memory. */
export class MemoryObjects implements ObjectStore {
  readonly objects: Map<string, Uint8Array> = new Map();

  put(objectId: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(objectId, bytes);
    return Promise.resolve();
  }

  get(objectId: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.objects.get(objectId));
  }

  delete(objectId: string): Promise<void> {
    this.objects.delete(objectId);
    return Promise.resolve();
  }
}

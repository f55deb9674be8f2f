import { describe, expect, it } from '@jest/globals';
import { Attachment, MAX_ATTACHMENT_BYTES } from '@pulseledger/domain';
import fc from 'fast-check';
import { DocumentStore, encryptDocument, type ObjectStore } from './documents.ts';

class MemoryObjects implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();

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

describe('a document off the ledger', () => {
  it('comes back byte for byte, and nothing of it is in the store', async () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 2_000 });
    await fc.assert(
      fc.asyncProperty(bytes, async (plain) => {
        const objects = new MemoryObjects();
        const store = new DocumentStore(objects);
        const attachment = await store.store(plain, 'application/pdf');
        expect(Attachment.parse(attachment)).toEqual(attachment);
        expect(Buffer.compare(await store.open(attachment), plain)).toBe(0);
        const kept = Buffer.from(objects.objects.get(attachment.objectId) ?? []);
        expect(kept.includes(Buffer.from(plain))).toBe(false);
        expect(kept.includes(Buffer.from(attachment.keyHex, 'hex'))).toBe(false);
      }),
    );
  });

  it('is refused when its bytes are not those whose digest is on the ledger', async () => {
    const objects = new MemoryObjects();
    const store = new DocumentStore(objects);
    const one = await store.store(Buffer.from('one'), 'text/plain');
    const other = await store.store(Buffer.from('two'), 'text/plain');
    const swapped = objects.objects.get(other.objectId) ?? new Uint8Array();
    objects.objects.set(one.objectId, swapped);
    await expect(store.open(one)).rejects.toMatchObject({ code: 'conflict' });
    const renamed = { ...one, digestHex: other.digestHex, keyHex: other.keyHex };
    await expect(store.open(renamed)).rejects.toThrow();
  });

  it('is gone when it was deleted, and unreadable without its key whatever copies there are', async () => {
    const objects = new MemoryObjects();
    const store = new DocumentStore(objects);
    const attachment = await store.store(Buffer.from('one'), 'text/plain');
    await expect(store.open({ ...attachment, keyHex: '00'.repeat(32) })).rejects.toThrow();
    await store.deleteAll([attachment.objectId, attachment.objectId]);
    await expect(store.open(attachment)).rejects.toMatchObject({ code: 'gone' });
  });

  it('has a largest size', () => {
    const bytes = new Uint8Array(MAX_ATTACHMENT_BYTES + 1);
    expect(() => encryptDocument(bytes, 'x')).toThrow('larger than 5 MB');
  });
});

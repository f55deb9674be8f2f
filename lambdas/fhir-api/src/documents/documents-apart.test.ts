import { describe, expect, it } from '@jest/globals';
import type { RecordView, RecordWrite, WriteRecordsInput } from '@pulseledger/domain';
import { DocumentStore } from '@pulseledger/ledger';
import type { ClinicalPort } from '../record/clinical-port.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { documentsApart } from './documents-apart.ts';

const ID = 'ab'.repeat(16);
const READ = { patientId: ID, permitId: ID, pageSize: 10 };

/** Keeps what was written last, as the ledger does. */
class OneRecord {
  written: RecordWrite | undefined;
  readonly store = new MemoryObjects();

  port(): ClinicalPort {
    const ledger = {
      writeRecords: ({ writes }: WriteRecordsInput) => {
        this.written = writes[0];
        return Promise.resolve({ versions: [1], writtenAtMs: 0 });
      },
      readRecords: () => Promise.resolve({ records: [this.#view()] }),
      readVersion: () => Promise.resolve(this.#view()),
      recordHistory: () => Promise.resolve({ versions: [this.#view()], more: false }),
    } as unknown as ClinicalPort;
    return documentsApart(ledger, new DocumentStore(this.store));
  }

  #view(): RecordView {
    const { resource = null, attachments = [], labels = [] } = this.written ?? {};
    return {
      ...{ recordClass: 'document', recordId: ID, version: 1, deleted: false, labels },
      ...{ authorId: ID, authorRole: 'doctor', mspId: 'HospitalMSP', writtenAtMs: 0 },
      ...{ resource, attachments, orderId: null, repeat: null },
    };
  }
}

function document(attachment: object): RecordWrite {
  const content = [{ attachment }, { attachment: { contentType: 'text/plain', url: 'x' } }];
  return {
    ...{ recordClass: 'document', recordId: ID, ifVersion: null, labels: [], saltHex: ID },
    resource: { resourceType: 'DocumentReference', status: 'current', content },
  };
}

describe('the bytes of a document', () => {
  const text = 'Letter about Zdenka Kanary';
  const data = Buffer.from(text).toString('base64');
  const attachment = {
    contentType: 'text/plain',
    data,
    title: 'Letter',
    extension: [{ url: 'urn:other', valueString: 'kept' }],
  };

  it('never reach the ledger or the store in clear, and come back with the record alone', async () => {
    const one = new OneRecord();
    const port = one.port();
    const write = document(attachment);
    await port.writeRecords({ patientId: ID, writes: [write] }, 'TREAT');
    expect(JSON.stringify(one.written)).not.toContain(data);
    expect(one.written?.attachments).toMatchObject([{ sizeBytes: text.length }]);
    for (const bytes of one.store.objects.values())
      expect(Buffer.from(bytes).includes(text)).toBe(false);
    const { records } = await port.readRecords({ ...READ, recordId: ID });
    expect(records[0]?.resource).toEqual(write.resource);
    const version = { ...READ, recordClass: 'document' as const, recordId: ID, version: 1 };
    expect((await port.readVersion(version)).resource).toEqual(write.resource);
  });

  it('are left out of lists, which say their size', async () => {
    const one = new OneRecord();
    const port = one.port();
    await port.writeRecords({ patientId: ID, writes: [document(attachment)] }, 'TREAT');
    const { contentType, title, extension } = attachment;
    const shown = { contentType, title, extension, size: text.length };
    const content = [{ attachment: shown }, expect.anything()];
    const { records } = await port.readRecords(READ);
    expect(records[0]?.resource).toMatchObject({ content });
    const history = { ...READ, recordClass: 'document' as const, recordId: ID };
    const { versions } = await port.recordHistory(history);
    expect(versions[0]?.resource).toMatchObject({ content });
  });

  it('are gone when they were deleted, and refused when they are no base64', async () => {
    const one = new OneRecord();
    const port = one.port();
    await port.writeRecords({ patientId: ID, writes: [document(attachment)] }, 'TREAT');
    one.store.objects.clear();
    const reading = port.readRecords({ ...READ, recordId: ID });
    await expect(reading).rejects.toMatchObject({ code: 'gone' });
    const wrong = { patientId: ID, writes: [document({ data: 'n%t' })] };
    await expect(port.writeRecords(wrong, 'TREAT')).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });

  it('are no matter for other records', async () => {
    const one = new OneRecord();
    const write = { ...document(attachment), resource: { resourceType: 'Condition', content: [] } };
    await one.port().writeRecords({ patientId: ID, writes: [write] }, 'TREAT');
    expect(one.written).toEqual(write);
  });
});

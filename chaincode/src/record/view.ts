import type { RecordDocument, RecordView } from '@pulseledger/domain';

/** A version of a record as readers see it. */
export function recordView(record: RecordDocument): RecordView {
  const { recordClass, recordId, version, resource, labels, authorId, authorRole, mspId } = record;
  const { writtenAtMs, attachments, orderId, repeat } = record;
  return {
    ...{ recordClass, recordId, version, resource, labels, authorId, authorRole, mspId },
    ...{ writtenAtMs, attachments, orderId, repeat },
    deleted: resource === null,
  };
}

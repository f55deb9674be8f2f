import { z } from 'zod';
import { QueueError } from './queue-errors.ts';

const handleSchema = z.tuple([z.string(), z.int().min(0), z.string()]);

/** Identifies one *receive* of one message: a second receive of it makes this handle stale. */
export interface ReceiptHandle {
  readonly queue: string;
  readonly sequence: number;
  readonly nonce: string;
}

export function formatReceiptHandle(handle: ReceiptHandle): string {
  const parts = [handle.queue, handle.sequence, handle.nonce];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws QueueError `invalid_receipt_handle` when the text was not made by `formatReceiptHandle`. */
export function parseReceiptHandle(text: string): ReceiptHandle {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const [queue, sequence, nonce] = handleSchema.parse(decoded);
    return { queue, sequence, nonce };
  } catch {
    throw new QueueError('invalid_receipt_handle', 'The receipt handle is not valid.');
  }
}

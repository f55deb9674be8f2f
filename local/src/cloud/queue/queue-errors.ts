/** Why a queue refused a call; the SQS endpoint turns each into the error AWS would send. */
export type QueueErrorCode =
  | 'queue_full'
  | 'too_many_in_flight'
  | 'invalid_receipt_handle'
  | 'not_in_flight'
  | 'no_such_queue';

export class QueueError extends Error {
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string) {
    super(message);
    this.name = 'QueueError';
    this.code = code;
  }
}

import { AwsError } from '../aws/aws-error.ts';
import { QueueError, type QueueErrorCode } from './queue/queue-errors.ts';

/** The queue's own errors under the names SQS gives them. */
const ERRORS: Record<QueueErrorCode, AwsError> = {
  no_such_queue: sqsError(
    'QueueDoesNotExist',
    'The specified queue does not exist.',
    'NonExistentQueue',
  ),
  invalid_receipt_handle: new AwsError(
    'ReceiptHandleIsInvalid',
    'The input receipt handle is invalid.',
    404,
    'ReceiptHandleIsInvalid',
  ),
  not_in_flight: sqsError('MessageNotInflight', 'The message is not in flight.'),
  too_many_in_flight: new AwsError(
    'OverLimit',
    'Too many messages are in flight.',
    403,
    'OverLimit',
  ),
  queue_full: new AwsError('ServiceUnavailable', 'The queue is full.', 503, 'ServiceUnavailable'),
};

export function sqsError(code: string, message: string, queryName: string = code): AwsError {
  return new AwsError(code, message, 400, `AWS.SimpleQueueService.${queryName}`);
}

/** Awaits work on a queue and turns the queue's errors into those of SQS. */
export async function guarded<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    throw translated(error);
  }
}

export function translated(error: unknown): unknown {
  return error instanceof QueueError ? ERRORS[error.code] : error;
}

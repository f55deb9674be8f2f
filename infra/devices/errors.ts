/** A device cannot be enrolled or revoked; the message says what happened, why, and what to do. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
}

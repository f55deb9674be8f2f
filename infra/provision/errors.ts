/** Provisioning cannot go on; the message says what happened, why, and what to do. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

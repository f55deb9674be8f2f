/** A refusal of a lifecycle function, in Fabric's words. */
export class LifecycleError extends Error {
  override readonly name: string = 'LifecycleError';
}

/** What is asked for is not there; answered with status 404. */
export class NotThereError extends LifecycleError {
  override readonly name = 'NotThereError';
}

/** Something that a developer asked for cannot be done; the message says why and what to do. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

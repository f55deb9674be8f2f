import { bytes } from './bytes.ts';

/** A generated message class. */
export interface MessageClass<T> {
  deserializeBinary(data: Uint8Array): T;
}

/** The message, or undefined when there are no bytes, or these are none. */
export function readOr<T>(data: Uint8Array | undefined, message: MessageClass<T>): T | undefined {
  if (data === undefined) return undefined;
  try {
    return message.deserializeBinary(bytes(data));
  } catch {
    return undefined;
  }
}

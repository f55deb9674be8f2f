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

/** What protobuf for Go says about bytes that are no message. */
const UNREADABLE = 'proto: cannot parse invalid wire-format data';

/** The message. @throws Error in the words of protobuf for Go, which Fabric's texts quote. */
export function readMessage<T>(data: Uint8Array, message: MessageClass<T>): T {
  try {
    return message.deserializeBinary(bytes(data));
  } catch (cause) {
    throw new Error(UNREADABLE, { cause });
  }
}

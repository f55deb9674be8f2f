/**
 * The same memory as a plain Uint8Array: google-protobuf copies a Buffer before it reads it, and writes one wrongly
 * when it is a view.
 */
export function bytes(data: Uint8Array): Uint8Array {
  return data.constructor === Uint8Array
    ? data
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

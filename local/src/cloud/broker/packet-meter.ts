/** AWS IoT Core's limit of a payload; everything else of a packet is small beside it. */
export const MAX_PAYLOAD_BYTES: number = 128 * 1024;
/** Topic, packet identifier, client id, user name: generously. */
const MAX_OVERHEAD_BYTES = 2 * 1024;
export const MAX_PACKET_BYTES: number = MAX_PAYLOAD_BYTES + MAX_OVERHEAD_BYTES;

const CONTINUATION = 0x80;
const LENGTH_BITS = 7;
const MAX_LENGTH_BYTES = 4;

/**
 * Follows the packet boundaries of an MQTT byte stream by its fixed headers (MQTT 3.1.1 §2.2), so that a
 * packet that is too long is noticed by its announced length, before any of it is buffered: aedes'
 * parser itself would collect up to 256 MB.
 */
export class PacketMeter {
  #state: 'type' | 'length' | 'rest' = 'type';
  #lengthBytes = 0;
  #remaining = 0;

  /** False as soon as a packet announces more than the limit; the stream is of no use then. */
  accept(bytes: Uint8Array): boolean {
    let position = 0;
    while (position < bytes.length) {
      if (this.#state === 'rest') {
        const skipped = Math.min(this.#remaining, bytes.length - position);
        position += skipped;
        this.#remaining -= skipped;
        if (this.#remaining === 0) this.#state = 'type';
      } else if (!this.#header(bytes[position++] ?? 0)) return false;
    }
    return true;
  }

  #header(byte: number): boolean {
    if (this.#state === 'type') {
      this.#state = 'length';
      this.#lengthBytes = 0;
      this.#remaining = 0;
      return true;
    }
    this.#remaining += (byte & ~CONTINUATION) * 2 ** (LENGTH_BITS * this.#lengthBytes++);
    if (this.#remaining > MAX_PACKET_BYTES) return false;
    if ((byte & CONTINUATION) !== 0) return this.#lengthBytes < MAX_LENGTH_BYTES;
    this.#state = this.#remaining === 0 ? 'type' : 'rest';
    return true;
  }
}

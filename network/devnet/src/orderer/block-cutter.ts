/** When a batch is full. */
export interface BatchSize {
  readonly maxMessageCount: number;
  readonly preferredMaxBytes: number;
}

/** A message waiting for its block: its bytes and their number. */
export interface Message {
  readonly envelope: Uint8Array;
}

/** Collects messages into batches by count and bytes (orderer/common/blockcutter). The time is the orderer's business. */
export class BlockCutter {
  #size: BatchSize;
  #pending: Message[] = [];
  #pendingBytes = 0;

  constructor(size: BatchSize) {
    this.#size = size;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Sizes from the next message on. */
  resize(size: BatchSize): void {
    this.#size = size;
  }

  /** Takes a message; answers the batches that are complete with it, at most two. */
  order(message: Message): readonly (readonly Message[])[] {
    const size = message.envelope.length;
    const { preferredMaxBytes, maxMessageCount } = this.#size;
    // A message larger than a batch should be gets a block of its own.
    if (size > preferredMaxBytes) return [...this.cut(), [message]];
    const batches = this.#pendingBytes + size > preferredMaxBytes ? [...this.cut()] : [];
    this.#pending.push(message);
    this.#pendingBytes += size;
    if (this.#pending.length >= maxMessageCount) batches.push(...this.cut());
    return batches;
  }

  /** Ends the batch: no batch when nothing is waiting, else one. */
  cut(): readonly (readonly Message[])[] {
    if (this.#pending.length === 0) return [];
    const batch = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    return [batch];
  }
}

import type { BlockLine } from '@pulseledger/domain';

/** A block's line before anybody has looked at the block before it. */
export type UnchainedLine = Omit<BlockLine, 'isChained'>;

const MAX_LINES = 500;

/**
 * Lines of blocks as one organization's peer gave them, shared by everybody who asks through it: blocks never change.
 * The oldest that was kept goes first.
 */
export class KeptLines {
  readonly #lines = new Map<number, UnchainedLine>();

  get(number: number): UnchainedLine | undefined {
    return this.#lines.get(number);
  }

  keep(line: UnchainedLine): void {
    this.#lines.set(line.number, line);
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > MAX_LINES && oldest !== undefined) this.#lines.delete(oldest);
  }
}

import type { BatchSize } from './block-cutter.ts';

/**
 * When blocks are cut. `timer` is how Fabric does it: a batch is cut some time after its first transaction, or when it is full
 * by count or bytes. `auto`: every transaction at once, in a block of its own. `size`: only when there are so many. `manual`:
 * only when told to.
 */
export type BlockCutting =
  | { readonly mode: 'auto' }
  | { readonly mode: 'size'; readonly transactions: number }
  | { readonly mode: 'timer'; readonly ms: number }
  | { readonly mode: 'manual' };

/** How large batches become, given the channel's own sizes. */
export function batchSize(cutting: BlockCutting, channel: BatchSize): BatchSize {
  const { preferredMaxBytes } = channel;
  if (cutting.mode === 'auto') return { maxMessageCount: 1, preferredMaxBytes };
  if (cutting.mode === 'size') {
    return { maxMessageCount: cutting.transactions, preferredMaxBytes };
  }
  if (cutting.mode === 'timer') return channel;
  return { maxMessageCount: Number.MAX_SAFE_INTEGER, preferredMaxBytes: Number.MAX_SAFE_INTEGER };
}

import { z } from 'zod';
import type { Tip } from './block-checks.ts';
import { LedgerError } from './types.ts';

const StoredTip = z.object({
  channel: z.string(),
  height: z.number().int().positive(),
  lastHash: z.hex(),
  commitHash: z.hex(),
});

export const EMPTY_CHAIN: Tip = {
  height: 0,
  lastHash: Buffer.alloc(0),
  commitHash: Buffer.alloc(0),
};

export function encodeTip(channel: string, { height, lastHash, commitHash }: Tip): Buffer {
  const stored: z.infer<typeof StoredTip> = {
    channel,
    height,
    lastHash: lastHash.toString('hex'),
    commitHash: commitHash.toString('hex'),
  };
  return Buffer.from(JSON.stringify(stored));
}

/** @throws LedgerError when the directory holds another channel's ledger. */
export function decodeTip(bytes: Buffer, channel: string): Tip {
  const stored = StoredTip.parse(JSON.parse(bytes.toString('utf8')));
  if (stored.channel !== channel) {
    throw new LedgerError(
      `the ledger directory holds channel ${stored.channel}, not ${channel}: choose another directory`,
    );
  }
  return {
    height: stored.height,
    lastHash: Buffer.from(stored.lastHash, 'hex'),
    commitHash: Buffer.from(stored.commitHash, 'hex'),
  };
}

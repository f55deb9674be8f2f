import { common, peer } from '@hyperledger/fabric-protos';
import { blockDataHash } from './block-hash.ts';
import { asBuffer } from './bytes.ts';
import type { ParsedTransaction } from './transaction.ts';
import { LedgerError } from './types.ts';

const { TxValidationCode } = peer;
const METADATA_ENTRIES = 5;

/** Where the chain ends. */
export interface Tip {
  readonly height: number;
  readonly lastHash: Buffer;
  readonly commitHash: Buffer;
}

/** @throws LedgerError when the block is not the next one of this chain. */
export function requireNextBlock(
  block: common.Block,
  tip: Tip,
): { header: common.BlockHeader; data: common.BlockData } {
  const header = block.getHeader();
  const data = block.getData();
  if (header === undefined || data === undefined) {
    throw new LedgerError('the block has no header or no data');
  }
  if (header.getNumber() !== tip.height) {
    throw new LedgerError(
      `expected block number [${tip.height}], but received block number [${header.getNumber()}]`,
    );
  }
  if (!tip.lastHash.equals(header.getPreviousHash_asU8())) {
    throw new LedgerError(
      `block [${tip.height}] does not follow the last one: unexpected previous hash`,
    );
  }
  if (!blockDataHash(data).equals(header.getDataHash_asU8())) {
    throw new LedgerError(`block [${tip.height}] does not hold the data of its data hash`);
  }
  return { header, data };
}

/** The validator's codes, one a transaction. @throws LedgerError when a transaction has none. */
export function preliminaryCodes(block: common.Block, count: number): Buffer {
  const filter = block.getMetadata()?.getMetadataList_asU8()[
    common.BlockMetadataIndex.TRANSACTIONS_FILTER
  ];
  const codes = Buffer.from(filter ?? []);
  const skipped = codes.indexOf(TxValidationCode.NOT_VALIDATED);
  if (codes.length !== count || skipped >= 0) {
    const transaction = skipped >= 0 ? skipped : codes.length;
    throw new LedgerError(
      `transaction ${transaction} in block ${block.getHeader()?.getNumber() ?? 0} has skipped validation`,
    );
  }
  return codes;
}

/** Only ids that passed validation count inside a block, but any id that is in the ledger counts, valid or not. */
export function markDuplicates(
  transactions: readonly (ParsedTransaction | undefined)[],
  codes: Buffer,
  inLedger: (txId: string) => boolean,
): void {
  const seen = new Set<string>();
  transactions.forEach((transaction, index) => {
    if (codes[index] !== TxValidationCode.VALID) return;
    if (transaction?.type !== common.HeaderType.ENDORSER_TRANSACTION) return;
    if (inLedger(transaction.txId) || seen.has(transaction.txId)) {
      codes[index] = TxValidationCode.DUPLICATE_TXID;
    }
    seen.add(transaction.txId);
  });
}

export function setMetadata(block: common.Block, index: number, value: Uint8Array): void {
  const metadata = block.getMetadata() ?? new common.BlockMetadata();
  const entries = metadata.getMetadataList_asU8();
  while (entries.length < METADATA_ENTRIES) entries.push(new Uint8Array());
  entries[index] = asBuffer(value);
  metadata.setMetadataList(entries);
  block.setMetadata(metadata);
}

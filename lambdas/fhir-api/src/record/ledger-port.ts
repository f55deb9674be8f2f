import type {
  BlockAnswer,
  BlocksAnswer,
  ChaincodesAnswer,
  LedgerAnswer,
  TransactionAnswer,
} from '@pulseledger/domain';

/** What stands in public on the ledger; the ledger's explorer has this shape. All throw PulseError. */
export interface LedgerPort {
  overview(): Promise<LedgerAnswer>;
  blocks(before: number | undefined, pageSize: number): Promise<BlocksAnswer>;
  block(number: number): Promise<BlockAnswer>;
  transaction(id: string): Promise<TransactionAnswer>;
  chaincodes(): Promise<ChaincodesAnswer>;
}

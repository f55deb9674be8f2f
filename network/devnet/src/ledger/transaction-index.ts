import { peer } from '@hyperledger/fabric-protos';
import type { Database, WriteBatch } from './database.ts';
import { decodeNumber, encodeNumber, transactionKey } from './keys.ts';
import type { TransactionStatus, ValidationCode } from './types.ts';

const CODES: ReadonlyMap<number, ValidationCode> = new Map(
  Object.values(peer.TxValidationCode).map((code) => [code, code]),
);
const TRANSACTION_AT = 6;
const CODE_AT = 10;

export function toValidationCode(code: number | undefined): ValidationCode {
  return CODES.get(code ?? -1) ?? peer.TxValidationCode.INVALID_OTHER_REASON;
}

/** Where each transaction id was first committed, and with which code. */
export class TransactionIndex {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(txId: string): TransactionStatus | undefined {
    const bytes = this.#database.get(transactionKey(txId));
    return (
      bytes && {
        block: decodeNumber(bytes, 0),
        transaction: bytes.readUInt32BE(TRANSACTION_AT),
        code: toValidationCode(bytes[CODE_AT]),
      }
    );
  }

  /** Ids that are there already keep what they had. */
  put(block: number, txIds: readonly string[], codes: Buffer, batch: WriteBatch): void {
    const seen = new Set(['']);
    txIds.forEach((txId, index) => {
      if (seen.has(txId) || this.get(txId) !== undefined) return;
      seen.add(txId);
      const rest = Buffer.alloc(CODE_AT + 1 - TRANSACTION_AT);
      rest.writeUInt32BE(index);
      rest[CODE_AT - TRANSACTION_AT] = codes[index] ?? 0;
      batch.put(transactionKey(txId), Buffer.concat([encodeNumber(block), rest]));
    });
  }
}

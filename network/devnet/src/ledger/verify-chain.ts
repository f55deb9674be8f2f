import { setImmediate as eventLoop } from 'node:timers/promises';
import { common } from '@hyperledger/fabric-protos';
import type { Tip } from './block-checks.ts';
import { blockDataHash, blockHeaderHash } from './block-hash.ts';
import type { Database } from './database.ts';
import { blockKey, TIP_KEY } from './keys.ts';
import { decodeTip, EMPTY_CHAIN } from './tip.ts';
import { LedgerError } from './types.ts';

/** The process has other work, too. */
const TURN_BLOCKS = 20;

function damaged(what: string): LedgerError {
  return new LedgerError(`the ledger is damaged: ${what}. Restore it from a copy`);
}

function readBlock(database: Database, number: number): common.Block {
  const bytes = database.get(blockKey(number));
  if (bytes === undefined) throw damaged(`block ${number} is missing`);
  return common.Block.deserializeBinary(bytes);
}

/**
 * Where the chain ends.
 *
 * @throws LedgerError when its last block is not the one that was written with it, or it is another channel's.
 */
export function readTip(database: Database, channel: string): Tip {
  const bytes = database.get(TIP_KEY);
  if (bytes === undefined) return EMPTY_CHAIN;
  const tip = decodeTip(bytes, channel);
  const header = readBlock(database, tip.height - 1).getHeader();
  if (header === undefined || !blockHeaderHash(header).equals(tip.lastHash)) {
    throw damaged('its last block does not have the hash that was written with it');
  }
  return tip;
}

/**
 * Reads every block: numbers, hash chain and the hash of the data.
 *
 * @throws LedgerError at the first block that does not fit.
 */
export async function verifyChain(
  database: Database,
  channel: string,
): Promise<{ readonly tip: Tip; readonly genesis: common.Block }> {
  const tip = readTip(database, channel);
  let previous: Buffer = Buffer.alloc(0);
  for (let number = 0; number < tip.height; number += 1) {
    const block = readBlock(database, number);
    const [header, data] = [block.getHeader(), block.getData()];
    if (header === undefined || data === undefined || header.getNumber() !== number) {
      throw damaged(`block ${number} has another number`);
    }
    if (!previous.equals(header.getPreviousHash_asU8())) {
      throw damaged(`block ${number} does not follow the one before`);
    }
    if (!blockDataHash(data).equals(header.getDataHash_asU8())) {
      throw damaged(`block ${number} does not hold the data of its data hash`);
    }
    previous = blockHeaderHash(header);
    if (number % TURN_BLOCKS === 0) await eventLoop();
  }
  return { tip, genesis: readBlock(database, 0) };
}

import type { common } from '@hyperledger/fabric-protos';
import { common as protos } from '@hyperledger/fabric-protos';
import type { CommitResult, Ledger } from '../ledger/types.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import type { Validator } from './validator.ts';

/** A peer's committer: validates blocks as they come from the orderer, and appends them to the ledger. */
export class Committer {
  readonly #validator: Validator;
  readonly #ledger: Ledger;
  readonly #definitions: ChaincodeDefinitions | undefined;

  constructor(validator: Validator, ledger: Ledger, definitions?: ChaincodeDefinitions) {
    this.#validator = validator;
    this.#ledger = ledger;
    this.#definitions = definitions;
  }

  /** Resolves when the block is durable. One at a time: a block is validated against all blocks before it. */
  async commit(block: common.Block): Promise<CommitResult> {
    await this.#definitions?.current();
    const codes = this.#validator.validate(block);
    const metadata = block.getMetadata() ?? new protos.BlockMetadata();
    const entries = metadata.getMetadataList_asU8();
    entries[protos.BlockMetadataIndex.TRANSACTIONS_FILTER] = Uint8Array.from(codes);
    metadata.setMetadataList(entries);
    block.setMetadata(metadata);
    const result = await this.#ledger.commitBlock(block);
    // From the next block on they are the channel's.
    if (this.#validator.changesDefinitions) await this.#definitions?.reload(this.#ledger);
    return result;
  }
}
